#include <hololoom/actors/supervision/cascade/forced_end.hpp>
#include <hololoom/actors/supervision/protocol.hpp>

#include <caf/send.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace hololoom {

namespace {

using namespace std::chrono_literals;

constexpr auto interval = 10ms;

/// Very many children share the scheduler's threads: while they go on ending,
/// they have this much longer.
caf::timespan crowd_allowance(std::size_t children) {
  return 500ms + static_cast<std::int64_t>(children) / 100 * 50ms;
}

std::pair<std::string, std::string> split(const std::string& path) {
  auto slash = path.rfind('/');
  if (slash == std::string::npos)
    return {{}, path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

} // namespace

forced_end::forced_end(caf::event_based_actor* self,
                       std::shared_ptr<directory> names,
                       caf::timespan kill_wait, bool own_thread)
  : self_(self),
    names_(std::move(names)),
    kill_wait_(kill_wait),
    reaper_(own_thread) {}

void forced_end::kill(std::vector<living_child> children, time_point asked_at,
                      std::function<void()> then) {
  then_ = std::move(then);
  asked_at_ = asked_at;
  began_ = moved_ = self_->clock().now();
  crowd_ = crowd_allowance(children.size());
  left_ = 2 * children.size();
  reaper_.kill(std::move(children));
  look();
}

void forced_end::look() {
  if (!then_)
    return;
  auto now = self_->clock().now();
  auto left = reaper_.left();
  if (left < left_)
    moved_ = now;
  left_ = left;
  if (left == 0 || now >= std::min(moved_, began_ + crowd_) + kill_wait_)
    return conclude();
  if (!std::exchange(ticking_, true))
    self_->delayed_send(self_, interval, forced_end_tick{});
}

void forced_end::tick() {
  ticking_ = false;
  look();
}

void forced_end::conclude() {
  auto now = self_->clock().now();
  std::vector<living_child> left;
  for (auto& x : reaper_.result()) {
    child_outcome o;
    o.name = x.who.path;
    o.kind = x.who.kind;
    o.how = x.down ? ended::killed : ended::abandoned;
    o.took = now - asked_at_;
    o.forced = true;
    o.doing = std::move(x.doing);
    outcomes_.push_back(std::move(o));
    if (!x.down)
      left.push_back(std::move(x.who));
  }
  for (auto& x : reaper_.excused())
    excused_.push_back(std::move(x));
  names_->ledger().forget(reaper_.gone());
  abandon(left);
  std::exchange(then_, nullptr)();
}

void forced_end::abandon(const std::vector<living_child>& children) {
  std::map<std::string, abandon_children> by_parent;
  for (const auto& x : children) {
    names_->ledger().abandon(x);
    auto [parent, name] = split(x.path);
    by_parent[parent].names.push_back(std::move(name));
  }
  for (auto& [parent, message] : by_parent)
    if (auto supervisor = names_->supervisor(parent))
      caf::anon_send<caf::message_priority::high>(
        caf::actor_cast<caf::actor>(supervisor), std::move(message));
}

} // namespace hololoom
