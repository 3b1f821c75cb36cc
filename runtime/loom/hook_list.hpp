#pragma once

#include <hololoom/actors/supervision/shutdown_hook.hpp>
#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/sync.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace hololoom::detail {

/// The shutdown hooks of a loom that have not begun to run. Thread-safe.
class hook_list {
public:
  /// @returns `errc::invalid_spec` with the field that is wrong,
  ///          `errc::already_present`, or `errc::shutting_down` if its phase
  ///          has begun.
  caf::error add(shutdown_hook hook);

  /// @returns `errc::not_found` if there is none, or its phase has begun.
  caf::error cancel(std::string_view name);

  /// The hooks of a phase, which begins.
  std::vector<shutdown_hook> take(cascade_phase phase);

private:
  bool has(std::string_view name) const HOLOLOOM_REQUIRES(mutex_);
  bool has_begun(cascade_phase phase) const HOLOLOOM_REQUIRES(mutex_);

  mutable mutex mutex_;
  std::vector<shutdown_hook> hooks_ HOLOLOOM_GUARDED_BY(mutex_);
  std::optional<cascade_phase> phase_ HOLOLOOM_GUARDED_BY(mutex_);
};

} // namespace hololoom::detail
