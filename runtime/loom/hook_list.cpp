#include <hololoom/runtime/loom/hook_list.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace hololoom::detail {

namespace {

caf::error refused(errc code, std::string_view name, const std::string& why) {
  return failure(code, "cannot add the shutdown hook \"" + std::string{name}
                         + "\": " + why);
}

/// What is wrong with the hook by itself; empty if nothing is.
std::string problem_of(const shutdown_hook& x) {
  if (x.name.empty())
    return "its name is empty";
  if (x.phase > cascade_phase::stores)
    return "its phase is none of the cascade's";
  if (!x.run)
    return "its function is empty";
  if (!(x.limit > millis{0}))
    return "its limit is not above zero";
  return {};
}

} // namespace

caf::error hook_list::add(shutdown_hook hook) {
  if (auto problem = problem_of(hook); !problem.empty())
    return refused(errc::invalid_spec, hook.name, problem);
  lock_guard guard{mutex_};
  if (has_begun(hook.phase))
    return refused(errc::shutting_down, hook.name,
                   "the cascade has begun, and is past the start of its phase");
  if (has(hook.name))
    return refused(errc::already_present, hook.name,
                   "another hook has that name");
  for (const auto& before : hook.after) {
    auto known = std::any_of(hooks_.begin(), hooks_.end(), [&](const auto& x) {
      return x.name == before && x.phase == hook.phase;
    });
    // Those that are known come before, so that no two wait for each other.
    if (!known)
      return refused(errc::invalid_spec, hook.name,
                     "it comes after \"" + before
                       + "\", which is no hook of its phase so far");
  }
  hooks_.push_back(std::move(hook));
  return {};
}

caf::error hook_list::cancel(std::string_view name) {
  std::vector<shutdown_hook> cancelled; // Released outside of the lock.
  lock_guard guard{mutex_};
  auto i = std::find_if(hooks_.begin(), hooks_.end(),
                        [&](const auto& x) { return x.name == name; });
  if (i == hooks_.end())
    return failure(errc::not_found, "no shutdown hook \"" + std::string{name}
                                      + "\" waits for its phase");
  cancelled.push_back(std::move(*i));
  hooks_.erase(i);
  return {};
}

std::vector<shutdown_hook> hook_list::take(cascade_phase phase) {
  lock_guard guard{mutex_};
  phase_ = phase;
  auto first = std::stable_partition(
    hooks_.begin(), hooks_.end(),
    [&](const shutdown_hook& x) { return x.phase != phase; });
  std::vector<shutdown_hook> result{std::make_move_iterator(first),
                                    std::make_move_iterator(hooks_.end())};
  hooks_.erase(first, hooks_.end());
  return result;
}

bool hook_list::has(std::string_view name) const {
  return std::any_of(hooks_.begin(), hooks_.end(),
                     [&](const auto& x) { return x.name == name; });
}

bool hook_list::has_begun(cascade_phase phase) const {
  return phase_ && phase <= *phase_;
}

} // namespace hololoom::detail
