#include <hololoom/actors/supervision/cascade/report.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <map>
#include <string>
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
                    std::vector<child_outcome> seen, const ledger& entered,
                    millis waited) {
  names known;
  ledger listed;
  listed.keep_ends();
  auto add = [&](child_outcome o) {
    if (known.insert(o.name).second)
      listed.enter_end(std::move(o));
  };
  for (const auto& o : forced.outcomes())
    add(o);
  for (auto& o : seen)
    if (o.how != ended::killed) // The code that killed it reports it.
      add(std::move(o));
  for (const auto& x : forced.excused())
    add({x.path, x.kind, ended::shutdown, waited, false, nothing});
  report.children = listed.ends();
  for (auto& o : entered.ends())
    if (known.insert(o.name).second)
      report.children.push_back(std::move(o));
  return known;
}

/// @returns the paths of those that still are there
names list_abandoned(shutdown_report& report, const ledger& entered,
                     names known) {
  names there;
  std::map<std::string, std::size_t> kinds;
  for (const auto& x : entered.abandoned()) {
    if ((is_down(x.handle) && !x.probe) || !there.insert(x.path).second)
      continue;
    if (known.insert(x.path).second)
      report.children.push_back({x.path, x.kind, ended::abandoned, millis{0},
                                 false, std::string{"it does not answer"}});
    if (++kinds[x.kind] <= most_named)
      report.abandoned.push_back(x.path);
  }
  for (const auto& [kind, count] : kinds)
    if (count > most_named)
      report.abandoned.push_back(std::to_string(count - most_named) + " more "
                                 + kind + " children");
  return there;
}

} // namespace

void account_for_children(shutdown_report& report, const forced_end& forced,
                          std::vector<child_outcome> seen,
                          const ledger& entered, millis waited) {
  auto known = list_children(report, forced, std::move(seen), entered, waited);
  auto there = list_abandoned(report, entered, std::move(known));
  // One that ended after all was killed. A line for many has no path.
  for (auto& o : report.children)
    if (o.how == ended::abandoned && !there.contains(o.name)
        && o.name.find('/') != std::string::npos)
      o.how = ended::killed;
}

} // namespace hololoom
