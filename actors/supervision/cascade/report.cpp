#include <hololoom/actors/supervision/cascade/report.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace hololoom {

namespace {

/// So many of a kind are named as abandoned; the others are counted.
constexpr std::size_t most_named = 1000;

using names = std::unordered_set<std::string>;

/// What the cascade saw itself comes first, and then what supervisors did.
/// @returns the children that have a line
names list_children(shutdown_report& report, const forced_end& forced,
                    const end_list& seen, const ledger& entered,
                    millis waited) {
  names known;
  end_list all;
  auto add = [&](const end_list& list) {
    for (const auto& o : list.listed())
      if (known.insert(o.name).second)
        all.add(o);
    all.add_sums(list);
  };
  add(forced.ends());
  add(seen);
  for (const auto& x : forced.excused())
    if (known.insert(x.path).second)
      all.add({x.path, x.kind, ended::shutdown, waited, false, nothing});
  add(entered.kept_ends());
  report.children = all.lines();
  return known;
}

/// @returns the paths of those that still are there
names list_abandoned(shutdown_report& report, const forced_end& forced,
                     const ledger& entered, names known) {
  names there;
  std::map<std::pair<std::string, bool>, std::size_t> unnamed;
  names without_turn;
  for (const auto& o : forced.ends().listed())
    if (o.how == ended::no_turn)
      without_turn.insert(o.name);
  std::map<std::pair<std::string, bool>, std::size_t> kinds;
  for (const auto& x : entered.abandoned()) {
    if ((is_down(x.handle) && !x.probe) || !there.insert(x.path).second)
      continue;
    if (known.insert(x.path).second)
      report.children.push_back({x.path, x.kind, ended::abandoned, millis{0},
                                 false, std::string{"it does not answer"}});
    auto key = std::pair{x.kind, without_turn.contains(x.path)};
    if (++kinds[key] <= most_named)
      report.abandoned.push_back(x.path);
    else
      ++unnamed[key];
  }
  forced.ends().each_sum(
    [&](const std::string& kind, ended how, std::size_t count) {
      if (how == ended::abandoned || how == ended::no_turn)
        unnamed[{kind, how == ended::no_turn}] += count;
    });
  for (const auto& [key, count] : unnamed)
    report.abandoned.push_back(
      std::to_string(count) + (kinds[key] > 0 ? " more " : " ") + key.first
      + " children" + (key.second ? " that had no turn yet" : ""));
  return there;
}

} // namespace

void account_for_children(shutdown_report& report, const forced_end& forced,
                          const end_list& seen, const ledger& entered,
                          millis waited) {
  auto known = list_children(report, forced, seen, entered, waited);
  auto there = list_abandoned(report, forced, entered, std::move(known));
  // One that ended after all. A line for many has no path.
  std::unordered_map<std::string, caf::error> late;
  for (const auto& x : entered.abandoned())
    if (auto reason = exit_reason_of(x.handle))
      late.emplace(x.path, std::move(*reason));
  for (auto& o : report.children) {
    if ((o.how != ended::abandoned && o.how != ended::no_turn)
        || there.contains(o.name) || o.name.find('/') == std::string::npos)
      continue;
    auto i = late.find(o.name);
    o.how = i != late.end() ? fate_of(i->second) : ended::killed;
    if (i != late.end())
      o.reason = failure_of(i->second);
  }
}

} // namespace hololoom
