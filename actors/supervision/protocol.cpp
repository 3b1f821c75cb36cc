#include <hololoom/actors/supervision/protocol.hpp>

#include <caf/send.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace hololoom {

namespace {

constexpr std::size_t most_listed = 1000;

bool ended_well(const child_outcome& o) {
  return (o.how == ended::shutdown || o.how == ended::normal) && !o.forced;
}

void count(drain_report& to, const kind_tally& x) {
  for (auto& t : to.tallies) {
    if (t.kind == x.kind && t.how == x.how) {
      t.count += x.count;
      t.took = std::max(t.took, x.took);
      return;
    }
  }
  to.tallies.push_back(x);
}

void sum_up(drain_report& report) {
  std::erase_if(report.ended, [&](const child_outcome& o) {
    if (!ended_well(o))
      return false;
    count(report, {o.kind, o.how, 1, o.took});
    return true;
  });
}

} // namespace

std::vector<child_outcome> listed(const drain_report& report) {
  auto result = report.ended;
  for (const auto& t : report.tallies) {
    child_outcome o;
    o.name = std::to_string(t.count) + " " + t.kind + " children";
    o.kind = t.kind;
    o.how = t.how;
    o.took = t.took;
    result.push_back(std::move(o));
  }
  return result;
}

void merge(drain_report& to, drain_report more) {
  if (!to.tallies.empty() || !more.tallies.empty()) {
    if (to.tallies.empty())
      sum_up(to);
    sum_up(more);
    for (const auto& t : more.tallies)
      count(to, t);
  }
  to.excused = to.excused || more.excused;
  to.ended.insert(to.ended.end(), std::make_move_iterator(more.ended.begin()),
                  std::make_move_iterator(more.ended.end()));
  to.survivors.insert(to.survivors.end(),
                      std::make_move_iterator(more.survivors.begin()),
                      std::make_move_iterator(more.survivors.end()));
  if (to.tallies.empty() && to.ended.size() > most_listed
      && static_cast<std::size_t>(
           std::count_if(to.ended.begin(), to.ended.end(), ended_well))
           > most_listed)
    sum_up(to);
}

namespace {

void tell(const start_context& ctx, caf::error reason) {
  auto to = caf::actor_cast<caf::strong_actor_ptr>(ctx.supervisor);
  if (!to)
    return;
  auto slash = ctx.path.rfind('/');
  auto name =
    slash == std::string::npos ? ctx.path : ctx.path.substr(slash + 1);
  caf::anon_send(caf::actor_cast<caf::actor>(to),
                 child_ready{std::move(name), ctx.start_id, std::move(reason)});
}

} // namespace

void start_context::ready() const {
  tell(*this, {});
}

void start_context::failed(caf::error reason) const {
  tell(*this, reason ? std::move(reason)
                     : failure(errc::start_failed, "it did not say why"));
}

} // namespace hololoom
