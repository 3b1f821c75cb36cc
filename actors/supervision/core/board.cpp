#include <hololoom/actors/supervision/core/board.hpp>

#include <caf/local_actor.hpp>

#include <cstdio>
#include <functional>
#include <utility>

namespace hololoom {

namespace {

std::string with_age(const std::string& what,
                     std::chrono::steady_clock::time_point since) {
  auto age = std::chrono::steady_clock::now() - since;
  char text[32];
  std::snprintf(text, sizeof(text), " for %.3f s",
                std::chrono::duration<double>(age).count());
  return what + text;
}

/// What `ask` makes of the probe of `c`; `otherwise` without one, or if it
/// throws.
template <class T, class F>
T probed(const supervision::child& c, T otherwise, F ask) noexcept {
  try {
    return c.probe ? std::invoke(ask, *c.probe) : otherwise;
  } catch (...) {
    return otherwise;
  }
}

} // namespace

const work_monitor* supervision::work_of(const child& c) {
  return c.alive() ? dynamic_cast<const work_monitor*>(c.handle->get())
                   : nullptr;
}

std::optional<work_note> supervision::probed_work(const child& c) noexcept {
  return probed(c, std::optional<work_note>{}, &child_probe::doing);
}

bool supervision::can_be_killed(const child& c) noexcept {
  return probed(c, true, &child_probe::can_be_killed);
}

bool supervision::awaits_drain(const child& c) noexcept {
  return probed(c, false, &child_probe::awaits_drain);
}

void supervision::force_probe(const child& c) noexcept {
  probed(c, true, [](child_probe& x) {
    x.force();
    return true;
  });
}

std::optional<std::string> supervision::describe_work(const child& c) {
  if (auto note = probed_work(c))
    return with_age(note->what, note->since);
  if (auto work = work_of(c)) {
    if (auto note = work->current())
      return with_age("handling " + note->message, note->since);
  }
  if (c.silent_since != no_time) {
    auto* local = dynamic_cast<caf::local_actor*>(c.handle->get());
    return with_age(local ? "in a handler of this " + std::string{local->name()}
                              + " that has not returned"
                          : std::string{"a remote actor that is silent"},
                    c.silent_since);
  }
  return std::nullopt;
}

caf::strong_actor_ptr board::find_handle(std::string_view name) const {
  lock_guard guard{mutex_};
  auto i = by_name_.find(name);
  if (i == by_name_.end() || i->second->state == child_state::starting)
    return nullptr;
  return i->second->handle;
}

std::vector<board::entry> board::copy_after(std::uint64_t& order,
                                            std::size_t limit,
                                            supervision::time_point now) const {
  std::vector<entry> result;
  lock_guard guard{mutex_};
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
    if (auto doing = supervision::describe_work(c))
      e.status.doing = std::move(*doing);
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
