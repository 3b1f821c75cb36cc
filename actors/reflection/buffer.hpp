#pragma once

#include <hololoom/actors/reflection/journal/watch.hpp>
#include <hololoom/actors/reflection/options.hpp>
#include <hololoom/actors/storage/disk.hpp>
#include <hololoom/messages/reflection.hpp>

#include <caf/fwd.hpp>

#include <functional>
#include <memory>
#include <string>

namespace hololoom {

/// What surrounds a buffer, beside its options.
struct reflection_surroundings {
  /// Called once, from within the buffer: with none when it serves, or with
  /// why it cannot, after which it ends. Left out: nobody waits for it.
  std::function<void(const caf::error&)> on_opened;
  /// Told what the journal's thread is at; null: nobody watches it.
  std::shared_ptr<journal_watch> watch;
  /// Stands between the journal and the disk; null: nothing does.
  std::shared_ptr<disk_hooks> hooks;
  /// The SQLite VFS that keeps the journal; empty: the system's.
  std::string vfs;
};

/// Starts a reflection buffer.
///
/// The buffer answers what is written once it is on disk, and takes requests
/// from the start: those that come while it opens its journal wait. Its journal
/// is written by a thread of its own, so that no handler waits for the disk. If
/// that stands still for `stall_limit`, while the journal is opened or later,
/// the buffer is degraded and whoever waits gets `errc::timed_out`.
/// `own_thread` gives the buffer a thread, too, so that no actor that is stuck
/// on the scheduler's keeps it from its last flush; tests on a virtual clock
/// want it without.
///
/// It cannot open with `errc::data_dir_locked` (the sentence has the owner's
/// pid), `data_dir_unusable`, `corrupt` (repair it), `newer_schema`,
/// `invalid_config`, or a storage error.
///
/// On an exit message it refuses what comes later, commits what is queued,
/// writes the summary, closes the journal and ends with the exit's reason.
/// While it opens the journal and the disk stands still, it just ends.
reflection_actor spawn_reflection_buffer(caf::actor_system& system,
                                         reflection_options options,
                                         reflection_surroundings around = {},
                                         bool own_thread = true);

} // namespace hololoom
