#pragma once

#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/lifecycle.hpp>
#include <hololoom/messages/sync.hpp>

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_clock.hpp>
#include <caf/actor_control_block.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hololoom {

class board;

/// Finds the current incarnation of a child by name.
///
/// Supervisors keep it up to date, so that looking a name up again after a
/// restart finds the new incarnation. Thread-safe; a look-up sends no message
/// and never waits for one.
class directory {
public:
  /// The actor called `name`: a path ("root/workers/pulse"), or, when only one
  /// supervisor has it, the last part of one ("pulse").
  /// @returns null while no child of that name runs.
  caf::strong_actor_ptr find(std::string_view name) const;

  /// The same as a handle of the caller's choice, which must fit.
  /// @returns `errc::unavailable` while no child of that name runs.
  template <class Handle = caf::actor>
  caf::expected<Handle> get(std::string_view name) const {
    if (auto ptr = find(name))
      return caf::actor_cast<Handle>(ptr);
    return failure(errc::unavailable,
                   "nobody called '" + std::string{name}
                     + "' runs at the moment; try again later");
  }

  /// The tree below the supervisor at `path`, itself included. Ages are taken
  /// at `now`, on the clock of the actor system.
  tree_snapshot snapshot(std::string_view path,
                         caf::actor_clock::time_point now =
                           caf::actor_clock::clock_type::now()) const;

  /// How many children of the supervisor at `path` are not down, and of those
  /// below it.
  std::int64_t alive_below(std::string_view path) const;

  // -- for supervisors --------------------------------------------------------

  void add(std::shared_ptr<board> b);
  void remove(const board* b);

private:
  std::shared_ptr<board> board_at(std::string_view path) const;

  mutable shared_mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<board>>
    boards_ HOLOLOOM_GUARDED_BY(mutex_);
};

} // namespace hololoom
