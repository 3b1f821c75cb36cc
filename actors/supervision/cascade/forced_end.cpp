#include <hololoom/actors/supervision/cascade/forced_end.hpp>
#include <hololoom/actors/supervision/protocol.hpp>

#include <caf/send.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace hololoom {

namespace {

using namespace std::chrono_literals;

/// How often it looks at them, and how often while there are more to kill.
constexpr auto interval = 10ms;
constexpr auto short_interval = 1ms;

/// With more children than this, supervisors need not see the end of each.
constexpr std::size_t crowd = 10'000;

std::pair<std::string, std::string> split(const std::string& path) {
  auto slash = path.rfind('/');
  if (slash == std::string::npos)
    return {{}, path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

} // namespace

forced_end::forced_end(caf::event_based_actor* self,
                       std::shared_ptr<directory> names,
                       caf::timespan kill_wait, caf::timespan limit,
                       bool own_thread)
  : self_(self),
    names_(std::move(names)),
    kill_wait_(kill_wait),
    limit_(std::max(limit, kill_wait)),
    reaper_(own_thread) {}

void forced_end::kill(living_walk children, time_point asked_at,
                      std::function<void()> then) {
  then_ = std::move(then);
  asked_at_ = asked_at;
  began_ = moved_ = self_->clock().now();
  reaper_.kill(std::move(children));
  progress_ = reaper_.progress();
  check();
}

void forced_end::look() {
  if (!then_)
    return;
  reaper_.look();
  check();
}

void forced_end::check() {
  auto now = self_->clock().now();
  if (std::exchange(progress_, reaper_.progress()) != reaper_.progress())
    moved_ = now;
  // To count those that it has not come to takes its time, too.
  auto more = reaper_.has_more();
  auto limit = more ? limit_ / 2 : limit_;
  if (reaper_.done() || now >= std::min(moved_ + kill_wait_, began_ + limit))
    return conclude();
  if (!std::exchange(ticking_, true))
    self_->delayed_send(self_, more ? short_interval : interval,
                        forced_end_tick{});
}

void forced_end::tick() {
  ticking_ = false;
  look();
}

void forced_end::conclude() {
  auto took = millis{self_->clock().now() - asked_at_};
  std::vector<living_child> left;
  std::size_t seen = 0;
  auto more = false;
  reaper_.each([&](const living_child& who, const child_fate& what) {
    ++seen;
    more = !enter(who, what, took, left) || more;
  });
  more = enter_rest(took) || more;
  for (auto& x : reaper_.excused())
    excused_.push_back(std::move(x));
  names_->ledger().forget(reaper_.gone());
  abandon(left);
  if (more || seen > crowd)
    let_go_of_others();
  std::exchange(then_, nullptr)();
}

/// Of very many, only those with lines of their own are entered in the ledger.
/// @returns false for one that is left without a line
bool forced_end::enter(const living_child& who, const child_fate& what,
                       millis took, std::vector<living_child>& left) {
  if (!what.forced && known_.contains(who.handle))
    return true;
  count_ += what.forced ? 1 : 0;
  auto is_left = what.how == ended::abandoned || what.how == ended::no_turn;
  if (what.forced && !ends_.lists(who.kind, what.how)) {
    ends_.add_more(who.kind, what.how, 1, took, true);
    return !is_left;
  }
  if (is_left)
    left.push_back(who);
  ends_.add(
    {who.path, who.kind, what.how, took, what.forced, what.doing, what.reason});
  return true;
}

/// @returns whether there are any
bool forced_end::enter_rest(millis took) {
  auto rest = reaper_.rest();
  for (const auto& [key, count] : rest) {
    auto waits = key.second == ended::no_turn;
    count_ += waits ? count : 0;
    ends_.add_more(key.first, key.second, count, took, waits);
  }
  return !rest.empty();
}

/// Supervisors of very many end without seeing the end of each.
void forced_end::let_go_of_others() {
  std::map<std::string, abandon_children> by_parent;
  for (auto& path : reaper_.parents())
    by_parent[path].others = true;
  for (const auto& x : reaper_.excused()) {
    auto [parent, name] = split(x.path);
    by_parent[parent].except.push_back(std::move(name));
  }
  tell(by_parent);
}

void forced_end::abandon(const std::vector<living_child>& children) {
  std::map<std::string, abandon_children> by_parent;
  for (const auto& x : children) {
    names_->ledger().abandon(x);
    auto [parent, name] = split(x.path);
    by_parent[parent].names.push_back(std::move(name));
  }
  tell(by_parent);
}

void forced_end::tell(std::map<std::string, abandon_children>& by_parent) {
  for (auto& [parent, message] : by_parent)
    if (auto supervisor = names_->supervisor(parent))
      caf::anon_send<caf::message_priority::high>(
        caf::actor_cast<caf::actor>(supervisor), std::move(message));
}

} // namespace hololoom
