#pragma once

#include <hololoom/messages/lifecycle.hpp>

#include <functional>
#include <string>
#include <vector>

namespace hololoom {

/// A user's function that runs in a phase of the cascade, on a thread of its
/// own, beside the phase's work.
struct shutdown_hook {
  cascade_phase phase = cascade_phase::refuse;
  /// Unique in its loom; the report has a line "hook: NAME".
  std::string name = {};
  /// Past it, the function is abandoned and the phase goes on. Counts from its
  /// own start.
  millis limit{1'000};
  std::function<void()> run = {};
  /// Hooks of the same phase that it starts after: they have returned, or were
  /// abandoned.
  std::vector<std::string> after = {};
};

/// On the thread of a hook: the cascade no longer waits for the hook, which is
/// about to wait for the cascade. Elsewhere it has no effect.
void excuse_hook();

} // namespace hololoom
