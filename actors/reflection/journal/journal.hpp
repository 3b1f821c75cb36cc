#pragma once

#include <hololoom/actors/reflection/journal/record.hpp>
#include <hololoom/actors/reflection/learning/learned_state.hpp>
#include <hololoom/actors/storage/disk.hpp>
#include <hololoom/actors/storage/file_lock.hpp>
#include <hololoom/actors/storage/high_water_mark.hpp>
#include <hololoom/actors/storage/sqlite.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hololoom {

struct journal_options {
  /// Empty: in memory only.
  std::filesystem::path file;
  /// May be null.
  std::shared_ptr<disk_hooks> hooks;
  /// The SQLite VFS below the hooks; empty: the system's.
  std::string vfs;
  /// Where to count what the disk does, from the opening on; may be null.
  std::shared_ptr<disk_activity> activity;
  /// As in `reflection_options`; 0: no limit.
  std::int64_t retain_episodes = 0;
  millis retain_age{0};
  std::int64_t retain_spacetimes = 0;
};

/// Where an episode is in the journal.
struct placement {
  std::int64_t sequence = 0;
  /// False when the id was there already: then what follows is the stored
  /// one's.
  bool fresh = true;
  double reward = 0;
  reward_formula formula = reward_formula::extracted;
  bool success = false;
};

/// A row of the journal; `body` is empty when a consolidation took it away.
struct stored_episode {
  std::int64_t sequence = 0;
  episode_record record;
};

/// The durable store of episodes, recorded spacetimes and what was learned: a
/// SQLite database in WAL mode with `synchronous=FULL`. This object has the one
/// connection to it, exclusively, and the lock file beside it.
///
/// Belongs to one thread. After a failed write the transaction is taken back
/// and nothing of it remains; the next one may succeed.
class journal {
public:
  /// Takes the lock, opens or creates the file, migrates an older one and reads
  /// what was learned. A repair that was cut short is finished first. `verify`
  /// comes next.
  static caf::expected<std::unique_ptr<journal>> open(journal_options options);

  ~journal();

  /// Reads every record and compares checksums, sequence and index, and makes
  /// what was learned anew; if that differs from what was kept, it is taken.
  /// @returns `errc::corrupt` saying what is damaged.
  caf::error verify();

  const learned_state& learned() const { return learned_; }

  /// Whether `verify` found that what was learned differs from what was kept.
  bool relearned() const { return relearned_; }

  /// Begins an empty journal with what was learned from episodes that left.
  caf::error start_from(const learned_state& baseline);

  bool durable() const { return !options_.file.empty(); }
  /// The disk below, for files beside the journal.
  const disk& files() const { return *disk_; }

  // -- one transaction, on disk once `commit` answers none -------------------

  caf::error begin();
  caf::expected<placement> add(const episode_record& x);
  /// Does nothing for a spacetime that is there.
  caf::error record(std::string_view id, std::string_view body);
  caf::error adjust(const adjustment& x);
  /// Replaces the bodies of episodes; an empty one takes the body away.
  caf::error rewrite(std::int64_t sequence, std::string_view body);
  caf::error commit();
  void rollback();

  /// The last episode of the transaction under way.
  std::int64_t drafted() const { return draft_.sequence; }

  // -- reading ----------------------------------------------------------------

  /// Episodes that have a body, after `sequence`, in order.
  caf::expected<std::vector<stored_episode>> read(std::int64_t after,
                                                  std::int64_t limit);
  /// The newest `limit` episodes that have a body, in order.
  caf::expected<std::vector<stored_episode>> newest(std::int64_t limit);
  /// The recorded spacetime as JSON, or none.
  caf::expected<std::optional<std::string>> spacetime(std::string_view id);
  /// How many episodes have a body.
  caf::expected<std::int64_t> stored();
  /// How many spacetimes are recorded.
  caf::expected<std::int64_t> recorded();

  // -- upkeep -----------------------------------------------------------------

  /// Drops what retention no longer keeps, in steps of a bounded size, and
  /// moves the log into the database. When not `idle`, only what is overdue.
  /// What cannot be dropped keeps nothing else from being tended.
  caf::error tend(bool idle);

  /// Whether more is to leave than `tend` has dropped so far.
  bool behind() const;

  /// Whether the disk takes writes: commits something of no consequence.
  caf::error probe();

private:
  explicit journal(journal_options options);
  caf::error connect();
  caf::error prepare();
  caf::error load();
  caf::error load_spacetimes();
  caf::error compare_with_mark();
  caf::error keep(std::int64_t kind, const learned_state& state);
  caf::error run(sqlite::statement& x);
  caf::expected<placement> find(const std::string& id);
  caf::error drop_expired();
  caf::error drop_episodes();
  caf::error drop_until(std::int64_t last);
  caf::error drop_spacetimes();
  caf::error checkpoint();

  journal_options options_;
  file_lock lock_;
  high_water_mark mark_;
  std::unique_ptr<disk> disk_;
  sqlite::database db_;
  learned_state baseline_;
  learned_state learned_;
  /// What `learned_` becomes with the transaction under way.
  learned_state draft_;
  bool changed_ = false;
  bool relearned_ = false;
  std::int64_t log_pages_ = 0;
  std::int64_t spacetimes_recorded_ = 0;
  /// Those up to this number have left.
  std::int64_t spacetimes_dropped_ = 0;
  /// Whether the last step found nothing but episodes that are too old.
  bool more_aged_ = false;
  sqlite::statement begin_;
  sqlite::statement commit_;
  sqlite::statement insert_episode_;
  sqlite::statement find_episode_;
  sqlite::statement read_episodes_;
  sqlite::statement rewrite_;
  sqlite::statement insert_spacetime_;
  sqlite::statement find_spacetime_;
  sqlite::statement keep_;
};

} // namespace hololoom
