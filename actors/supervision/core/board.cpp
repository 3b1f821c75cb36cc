#include <hololoom/actors/supervision/core/board.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <utility>

namespace hololoom {

namespace {

/// Children that are claimed while the lock is held once.
constexpr std::size_t slice = 1024;

bool may_live(const supervision::child& c) {
  return c.alive() && (!is_down(c.handle) || c.probe);
}

bool may_be_claimed(const supervision::child& c,
                    const std::set<std::string>& except) {
  return c.alive() && !c.nested && !except.contains(c.name);
}

} // namespace

const work_monitor* supervision::work_of(const child& c) {
  return c.alive() ? dynamic_cast<const work_monitor*>(c.handle->get())
                   : nullptr;
}

living_child supervision::living(const child& c, const std::string& path) {
  return {path + "/" + c.name, c.spec->kind, c.incarnation, c.handle, c.probe,
          c.silent_since,      c.nested};
}

std::optional<std::string> supervision::describe_work(const child& c) {
  return hololoom::describe_work(living(c, {}));
}

caf::strong_actor_ptr board::find_handle(std::string_view name) const {
  lock_guard guard{mutex_};
  auto i = by_name_.find(name);
  if (i == by_name_.end() || i->second->state == child_state::starting)
    return nullptr;
  return i->second->handle;
}

bool board::knows(std::string_view name) const {
  lock_guard guard{mutex_};
  return by_name_.contains(name);
}

std::vector<living_child> board::living_after(std::uint64_t& order,
                                              std::size_t limit) const {
  std::vector<living_child> result;
  lock_guard guard{mutex_};
  for (auto i = children_.upper_bound(order);
       i != children_.end() && result.size() < limit; ++i) {
    order = i->first;
    if (may_live(i->second))
      result.push_back(supervision::living(i->second, path_));
  }
  return result;
}

std::optional<living_child> board::living_called(std::string_view name) const {
  lock_guard guard{mutex_};
  auto i = by_name_.find(name);
  if (i == by_name_.end() || !may_live(*i->second))
    return std::nullopt;
  return supervision::living(*i->second, path_);
}

std::size_t board::count_living(std::size_t most) const {
  std::size_t result = 0;
  lock_guard guard{mutex_};
  for (auto i = children_.begin(); i != children_.end() && result < most; ++i)
    result += i->second.alive() ? 1 : 0;
  return result;
}

std::vector<living_child>
board::claim_after(std::uint64_t& order, std::size_t limit,
                   const std::set<std::string>& except) {
  std::vector<living_child> result;
  lock_guard guard{mutex_};
  for (auto i = children_.upper_bound(order);
       i != children_.end() && result.size() < limit; ++i) {
    auto& c = i->second;
    order = i->first;
    if (!may_be_claimed(c, except))
      continue;
    c.claimed = true;
    result.push_back(supervision::living(c, path_));
    result.back().claimed = true;
  }
  return result;
}

std::map<std::pair<std::string, ended>, std::size_t>
board::claim_rest(std::uint64_t order, const std::set<std::string>& except) {
  std::map<std::pair<std::string, ended>, std::size_t> result;
  for (auto more = true; more;) {
    lock_guard guard{mutex_};
    auto i = children_.upper_bound(order);
    for (std::size_t n = 0; i != children_.end() && n < slice; ++i, ++n) {
      auto& c = i->second;
      order = i->first;
      if (!may_be_claimed(c, except))
        continue;
      c.claimed = true;
      auto reason = exit_reason_of(c.handle);
      ++result[{c.spec->kind, reason ? fate_of(*reason) : ended::no_turn}];
    }
    more = i != children_.end();
  }
  return result;
}

std::vector<board::entry> board::copy_after(std::uint64_t& order,
                                            std::size_t limit,
                                            supervision::time_point now) const {
  std::vector<entry> result;
  std::vector<living_child> at_work;
  unique_lock guard{mutex_};
  for (auto i = children_.upper_bound(order);
       i != children_.end() && result.size() < limit; ++i) {
    const auto& c = i->second;
    order = i->first;
    auto& e = result.emplace_back();
    e.nested = c.nested && c.alive();
    e.status.path = path_ + "/" + c.name;
    e.status.kind = c.spec->kind;
    e.status.state = c.state;
    e.status.incarnation = c.incarnation;
    e.status.restarts = c.restarts;
    if (c.alive())
      e.status.age = now - c.since;
    if (!c.last_reason.empty())
      e.status.last_reason = c.last_reason;
    if (c.progress)
      e.status.doing = *c.progress;
    at_work.push_back(supervision::living(c, path_));
  }
  guard.unlock();
  // Probes are called without the lock: one may hang.
  for (std::size_t i = 0; i < result.size(); ++i) {
    auto& doing = result[i].status.doing;
    if (doing)
      continue;
    if (auto work = hololoom::describe_work(at_work[i]))
      doing = std::move(*work);
  }
  return result;
}

void board::reserve(std::size_t count) {
  lock_guard guard{mutex_};
  by_name_.reserve(count);
}

board::child& board::add(std::string name, child_spec_ptr spec) {
  lock_guard guard{mutex_};
  auto order = ++last_;
  auto& c = children_.try_emplace(children_.end(), order)->second;
  c.order = order;
  c.name = std::move(name);
  c.spec = std::move(spec);
  by_name_.emplace(c.name, &c);
  return c;
}

void board::remove(child& c) {
  // What the child owned is destroyed outside of the lock.
  child_map::node_type node;
  lock_guard guard{mutex_};
  if (auto i = by_name_.find(c.name); i != by_name_.end() && i->second == &c)
    by_name_.erase(i);
  node = children_.extract(c.order);
}

board::child* board::find(std::string_view name) {
  auto i = by_name_.find(name);
  return i != by_name_.end() ? i->second : nullptr;
}

board::child* board::find(std::uint64_t order) {
  auto i = children_.find(order);
  return i != children_.end() ? &i->second : nullptr;
}

} // namespace hololoom
