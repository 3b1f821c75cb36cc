#include <hololoom/actors/supervision/ledger.hpp>
#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/messages/caf/work_monitor.hpp>

#include <caf/local_actor.hpp>

#include <algorithm>
#include <cstdio>
#include <functional>

namespace hololoom {

namespace {

constexpr std::size_t most_listed = 1000;

bool ended_well(ended how) {
  return how == ended::shutdown || how == ended::normal;
}

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

void ledger::keep_ends() {
  keeping_ = true;
}

void ledger::enter_end(child_outcome o) {
  if (!keeping_)
    return;
  lock_guard guard{mutex_};
  auto& t = tallies_[{o.kind, o.how}];
  auto well = ended_well(o.how);
  if (well ? well_ > most_listed : t.listed == most_listed) {
    ++t.more;
    t.took = std::max(t.took, o.took);
    return;
  }
  ++t.listed;
  listed_.push_back(std::move(o));
  if (!well || ++well_ <= most_listed)
    return;
  std::vector<child_outcome> rest;
  for (auto& x : std::exchange(listed_, {})) {
    if (!ended_well(x.how)) {
      rest.push_back(std::move(x));
      continue;
    }
    auto& sum = tallies_[{x.kind, x.how}];
    --sum.listed;
    ++sum.more;
    sum.took = std::max(sum.took, x.took);
  }
  listed_ = std::move(rest);
}

std::vector<child_outcome> ledger::ends() const {
  lock_guard guard{mutex_};
  auto result = listed_;
  for (const auto& [key, t] : tallies_) {
    if (t.more == 0)
      continue;
    child_outcome o;
    o.name = std::to_string(t.more) + (t.listed > 0 ? " more " : " ")
           + key.first + " children";
    o.kind = key.first;
    o.how = key.second;
    o.took = t.took;
    result.push_back(std::move(o));
  }
  return result;
}

void ledger::abandon(living_child x) {
  lock_guard guard{mutex_};
  auto known =
    std::any_of(abandoned_.begin(), abandoned_.end(),
                [&](const living_child& y) { return y.handle == x.handle; });
  if (!known)
    abandoned_.push_back(std::move(x));
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

void ledger::forget(const std::vector<caf::strong_actor_ptr>& gone) {
  lock_guard guard{mutex_};
  std::erase_if(abandoned_, [&](const living_child& x) {
    return std::find(gone.begin(), gone.end(), x.handle) != gone.end();
  });
}

} // namespace hololoom
