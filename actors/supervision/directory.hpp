#pragma once

#include <hololoom/actors/supervision/records/failure_record.hpp>
#include <hololoom/actors/supervision/records/living_walk.hpp>
#include <hololoom/actors/supervision/records/stand_ins.hpp>
#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/lifecycle.hpp>
#include <hololoom/messages/sync.hpp>

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_clock.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/actor_system.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hololoom {

/// Finds the current incarnation of a child by name.
///
/// Supervisors keep it up to date, so that looking a name up again after a
/// restart finds the new incarnation. Thread-safe; a look-up sends no message
/// and never waits for one.
class directory : public std::enable_shared_from_this<directory> {
public:
  /// The actor called `name`: a path ("root/workers/pulse"), or, when only one
  /// supervisor has it, the last part of one ("pulse").
  /// @returns null while no child of that name runs.
  caf::strong_actor_ptr find(std::string_view name) const;

  /// The same as a handle of the caller's choice, which must fit.
  /// @returns `errc::unavailable` while no child of that name runs.
  template <class Handle = caf::actor>
  [[nodiscard]] caf::expected<Handle> get(std::string_view name) const {
    if (auto ptr = find(name))
      return caf::actor_cast<Handle>(ptr);
    return failure(errc::unavailable,
                   "no child called '" + std::string{name}
                     + "' runs at the moment; try again later");
  }

  /// The same, as a handle that stays good over the child's restarts: see
  /// `stand_ins`. It ends with the last supervisor.
  /// @returns `errc::not_found` if no child of that name is known, and
  ///          `errc::unavailable` once the tree has ended.
  template <class Handle = caf::actor>
  [[nodiscard]] caf::expected<Handle> stable(caf::actor_system& system,
                                             std::string_view name) const {
    auto found = stand_in(system, name);
    if (!found)
      return std::move(found.error());
    return caf::actor_cast<Handle>(*found);
  }

  caf::expected<caf::strong_actor_ptr> stand_in(caf::actor_system& system,
                                                std::string_view name) const;

  /// The tree below the supervisor at `path`, itself included. Ages are taken
  /// at `now`, on the clock of the actor system.
  tree_snapshot snapshot(std::string_view path,
                         caf::actor_clock::time_point now =
                           caf::actor_clock::clock_type::now()) const;

  /// The supervisor at `path`; null when there is none.
  caf::strong_actor_ptr supervisor(std::string_view path) const;

  /// The children below the supervisor at `path` that may live, those of
  /// supervisors below included: their actors are not down, or they have a
  /// probe, which is not called.
  std::vector<living_child> living(std::string_view path) const;

  /// Those of `living` whose supervisors have not begun to stop.
  std::vector<living_child> unasked(std::string_view path) const;

  /// Claims the children below the supervisor at `path` for a cascade, without
  /// its children `except` and those below them, and without supervisors.
  /// @param first others, which come first
  living_walk claim(const std::string& path,
                    const std::vector<std::string>& except,
                    std::vector<living_child> first) const;

  /// The child at `path`, if it may live.
  std::optional<living_child> living_child_at(std::string_view path) const;

  /// How many children are below the supervisor at `path` in all, up to very
  /// many.
  std::size_t count(std::string_view path) const;

  /// The supervisors below the one at `path` that have not ended.
  std::vector<living_child> supervisors(std::string_view path) const;

  /// What became of the tree's children.
  hololoom::ledger& ledger() { return ledger_; }

  /// Ends the stand-ins, for good.
  void close_stand_ins() { stand_ins_.close(); }

  /// How the tree's children failed since it was started.
  failure_record& failures() { return failures_; }

  // -- for supervisors --------------------------------------------------------

  /// Takes the place of a root, for as long as the result is kept.
  /// @returns null if another root has it.
  std::shared_ptr<const void> claim_root(const std::string& path);

  void add(std::shared_ptr<board> b);
  void remove(const board* b);

private:
  std::vector<std::shared_ptr<board>> boards_below(std::string_view path) const;
  std::shared_ptr<board> board_at(std::string_view path) const;

  /// The path of the one child of that name, whether it runs or not.
  caf::expected<std::string> path_of(std::string_view name) const;

  hololoom::ledger ledger_;
  mutable hololoom::stand_ins stand_ins_;
  failure_record failures_;
  mutable shared_mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<board>>
    boards_ HOLOLOOM_GUARDED_BY(mutex_);
  /// The roots that run, or are about to.
  std::map<std::string, std::weak_ptr<const void>>
    roots_ HOLOLOOM_GUARDED_BY(mutex_);
};

} // namespace hololoom
