#pragma once

#include <hololoom/actors/reflection/journal/watch.hpp>
#include <hololoom/actors/reflection/options.hpp>
#include <hololoom/actors/storage/disk.hpp>
#include <hololoom/messages/caf/reflection_ids.hpp>
#include <hololoom/messages/reflection.hpp>

#include <caf/fwd.hpp>

#include <functional>
#include <memory>
#include <string>

/// The reflection role: an actor, the buffer, that stores episodes durably and
/// learns from them. This header and options.hpp are what others include,
/// beside repair/repair.hpp, repair/verify_journal.hpp and
/// transfer/episode_files.hpp for the command line. The files at this level are
/// the actor; `learning` has pure functions of episodes, `journal` the durable
/// store, `repair` the recovery of a damaged one, and `transfer` the import and
/// export of episodes. It may know storage and messages; a supervisor owns the
/// actor.

namespace hololoom {

/// The surroundings of a buffer, as opposed to its options. All may be left
/// out.
struct reflection_surroundings {
  /// Called once, from within the buffer: without an error when it starts to
  /// serve, or with the reason why it cannot, after which it ends.
  std::function<void(const caf::error&)> on_opened;
  /// Called from within the buffer with what the verification of its journal
  /// found: a sentence, and whether it is damage, so that the buffer is
  /// degraded.
  std::function<void(const std::string& what, bool damage)> on_finding;
  /// Called from within the buffer when a consolidation has removed texts.
  std::function<void(const consolidation_report&)> on_consolidated;
  /// Shows what the journal's thread is doing.
  std::shared_ptr<journal_watch> watch;
  /// Run before the journal's writes and syncs.
  std::shared_ptr<disk_hooks> hooks;
  /// The SQLite VFS below the journal; empty: the system's.
  std::string vfs;
};

/// Starts a reflection buffer.
///
/// The buffer acknowledges a write once it is durable. It accepts requests from
/// the start; those that arrive while it opens its journal wait. The journal
/// has a thread of its own, so that no handler waits for the disk. If the disk
/// hangs for `stall_limit`, during the opening or later, the buffer is degraded
/// and the waiting requests fail with `errc::timed_out`. `own_thread` gives the
/// buffer itself a thread, so that an actor that blocks the scheduler's threads
/// cannot delay its last flush; tests on a virtual clock turn that off.
///
/// It fails to open with `errc::data_dir_locked` (the message has the owner's
/// pid), `data_dir_unusable`, `corrupt` (needs a repair), `newer_schema`,
/// `invalid_config`, or a storage error. Damage that is found later makes it
/// degraded: it stores episodes as before, but changes nothing that a repair
/// needs.
///
/// Within the process it also answers `copy_store`, after its last episode.
///
/// On an exit message it refuses further writes, commits the queued ones,
/// writes the summary, closes the journal and ends with the exit's reason. An
/// opening that no write waits for is given up; if the disk hangs in it, the
/// buffer ends after a second.
reflection_actor spawn_reflection_buffer(caf::actor_system& system,
                                         reflection_options options,
                                         reflection_surroundings around = {},
                                         bool own_thread = true);

} // namespace hololoom
