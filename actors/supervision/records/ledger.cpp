#include <hololoom/actors/supervision/records/ledger.hpp>
#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/messages/caf/work_monitor.hpp>

#include <caf/local_actor.hpp>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <utility>

namespace hololoom {

namespace {

std::string with_age(const std::string& what,
                     caf::actor_clock::time_point since) {
  auto age = caf::actor_clock::clock_type::now() - since;
  char text[32];
  std::snprintf(text, sizeof(text), " for %.3f s",
                std::chrono::duration<double>(age).count());
  return what + text;
}

/// What `ask` makes of the probe `x`; `otherwise` without one, or if it throws.
template <class T, class F>
T probed(const std::shared_ptr<child_probe>& x, T otherwise, F ask) noexcept {
  try {
    return x ? std::invoke(ask, *x) : otherwise;
  } catch (...) {
    return otherwise;
  }
}

} // namespace

std::optional<work_note>
supervision::probed_work(const std::shared_ptr<child_probe>& x) noexcept {
  return probed(x, std::optional<work_note>{}, &child_probe::doing);
}

bool supervision::can_be_killed(
  const std::shared_ptr<child_probe>& x) noexcept {
  return probed(x, true, &child_probe::can_be_killed);
}

bool supervision::awaits_drain(const std::shared_ptr<child_probe>& x) noexcept {
  return probed(x, false, &child_probe::awaits_drain);
}

void supervision::force_probe(const std::shared_ptr<child_probe>& x) noexcept {
  probed(x, true, [](child_probe& probe) {
    probe.force();
    return true;
  });
}

bool lives(const living_child& x) {
  return !is_down(x.handle) || !supervision::can_be_killed(x.probe);
}

std::optional<std::string> describe_work(const living_child& x) {
  if (auto note = supervision::probed_work(x.probe))
    return with_age(note->what, note->since);
  if (!x.handle)
    return std::nullopt;
  if (auto work = dynamic_cast<const work_monitor*>(x.handle->get()))
    if (auto note = work->current())
      return with_age("handling " + note->message, note->since);
  if (x.silent_since == caf::actor_clock::time_point::max())
    return std::nullopt;
  auto* local = dynamic_cast<caf::local_actor*>(x.handle->get());
  return with_age(local ? "in a handler of this " + std::string{local->name()}
                            + " that has not returned"
                        : std::string{"a remote actor that is silent"},
                  x.silent_since);
}

bool shows_work(const living_child& x) {
  return !is_down(x.handle)
      && (x.probe || dynamic_cast<const work_monitor*>(x.handle->get()));
}

ended fate_of(const caf::error& reason) {
  if (!reason || reason == caf::exit_reason::normal)
    return ended::normal;
  if (reason == caf::exit_reason::user_shutdown)
    return ended::shutdown;
  return reason == caf::exit_reason::kill ? ended::killed : ended::crashed;
}

maybe<std::string> failure_of(const caf::error& reason) {
  if (fate_of(reason) != ended::crashed)
    return nothing;
  return explain(reason);
}

void ledger::keep_ends() {
  keeping_ = true;
}

void ledger::enter_end(child_outcome o) {
  if (!keeping_)
    return;
  lock_guard guard{mutex_};
  ends_.add(std::move(o));
}

end_list ledger::kept_ends() const {
  lock_guard guard{mutex_};
  return ends_;
}

bool ledger::abandon(living_child x) {
  lock_guard guard{mutex_};
  if (!known_.insert(x.handle.get()).second)
    return false;
  abandoned_.push_back(std::move(x));
  return true;
}

std::vector<living_child> ledger::abandoned() const {
  lock_guard guard{mutex_};
  return abandoned_;
}

void ledger::forget_ended() {
  std::vector<caf::strong_actor_ptr> gone;
  for (const auto& x : abandoned())
    if (!lives(x))
      gone.push_back(x.handle);
  forget(gone);
}

void ledger::forget_ended_of_many() {
  {
    lock_guard guard{mutex_};
    if (abandoned_.size() < many_)
      return;
  }
  forget_ended();
  lock_guard guard{mutex_};
  many_ = 2 * std::max<std::size_t>(abandoned_.size(), 8);
}

void ledger::forget(const std::vector<caf::strong_actor_ptr>& gone) {
  lock_guard guard{mutex_};
  auto before = known_.size();
  for (const auto& x : gone)
    known_.erase(x.get());
  if (known_.size() == before)
    return;
  std::vector<living_child> rest;
  for (auto& x : abandoned_)
    if (known_.contains(x.handle.get()))
      rest.push_back(std::move(x));
  abandoned_ = std::move(rest);
}

void ledger::keep(std::shared_ptr<const void> records) {
  lock_guard guard{mutex_};
  records_.push_back(std::move(records));
}

} // namespace hololoom
