#pragma once

#include <hololoom/actors/reflection/journal/rows.hpp>
#include <hololoom/actors/reflection/journal/verification/verification.hpp>
#include <hololoom/actors/reflection/journal/verification/verification_file.hpp>
#include <hololoom/actors/storage/disk.hpp>
#include <hololoom/actors/storage/file_lock.hpp>
#include <hololoom/actors/storage/high_water_mark.hpp>
#include <hololoom/actors/storage/online_copy.hpp>
#include <hololoom/actors/storage/sqlite.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

/// The journal's room: the durable store of episodes, and the thread that works
/// on it. `rows` is the codec of its tables, `schema` creates and migrates
/// them, `verification` reads them while they are in use, `journal_thread` runs
/// tasks on a journal in a thread of its own, and `swap` puts a repaired
/// journal in place of a damaged one.
///
/// It may know storage, messages and learning. The buffer owns a journal
/// through its thread; a repair opens one directly.

namespace hololoom {

struct journal_options {
  /// Empty: in memory only.
  std::filesystem::path file;
  /// May be null.
  std::shared_ptr<disk_hooks> hooks;
  /// The SQLite VFS below the hooks; empty: the system's.
  std::string vfs;
  /// Counts the disk's activity, from the opening on; may be null.
  std::shared_ptr<disk_activity> activity;
  /// As in `reflection_options`; 0: no limit.
  std::int64_t retain_episodes = 0;
  millis retain_age{0};
  std::int64_t retain_spacetimes = 0;
};

/// Where an episode is in the journal.
struct placement {
  std::int64_t sequence = 0;
  /// False when the journal already had it; the other fields are then those
  /// of the stored episode.
  bool fresh = true;
  double reward = 0;
  reward_formula formula = reward_formula::extracted;
  bool success = false;
};

/// Where a journal's lock is: `journal.lock` beside it.
std::filesystem::path lock_file(std::filesystem::path journal);

/// The durable store of episodes, recorded spacetimes and what was learned: a
/// SQLite database in WAL mode that is synced at each commit. This object holds
/// the only connection to it, exclusively, and the lock file beside it.
///
/// Belongs to one thread. A failed write rolls its transaction back and leaves
/// nothing of it; the next transaction may succeed.
class journal {
public:
  /// Takes the lock, finishes a repair that was cut short, opens or creates the
  /// file, migrates an older one, reads what was learned, and checks what costs
  /// the same whatever the journal's size: both ends of the episodes, which are
  /// where rows are added and dropped, and the list of free pages, which is
  /// where new ones come from.
  /// @returns `errc::corrupt` for damage that writing could make worse.
  static caf::expected<std::unique_ptr<journal>> open(journal_options options);

  journal(const journal&) = delete;
  journal& operator=(const journal&) = delete;
  ~journal();

  const learned_state& learned() const { return learned_; }

  /// The same, for other threads.
  std::shared_ptr<const shared_learned> shared() const { return shared_; }

  // -- verification -----------------------------------------------------------

  /// Has SQLite check the structure of the whole file, and then does a whole
  /// verification.
  /// @returns `errc::corrupt`, naming the damage; `errc::cancelled` once a stop
  ///          was requested.
  caf::error verify(const std::stop_token& stop = {});

  /// About how many reads of the disk `verify` takes.
  caf::expected<std::int64_t> reads_to_verify();

  /// Goes on with a verification as long as `may_go_on` says, from where an
  /// earlier process left off, if it can: see `verification_file`.
  /// @returns whether there is more of it.
  bool verify_some(const verification::go_on& may_go_on);

  /// The first damage found; none if none is known. From then on the journal
  /// takes more episodes, which are as durable as ever, but only adds to its
  /// log: no byte of the database is written, and retention drops nothing,
  /// until a repair has made a new one.
  const caf::error& damage() const { return damage_; }
  void found_damage(const caf::error& what);

  /// Whether a verification found that what was learned differed from the
  /// episodes, and made it anew from them.
  bool relearned() const { return relearned_; }

  bool durable() const { return !options_.file.empty(); }

  /// How many rows were changed so far.
  std::int64_t changes() const;

  /// The disk below, for files beside the journal.
  const disk& files() const { return *disk_; }

  // -- one transaction: durable once `commit` returns no error ----------------

  caf::error begin();
  /// Adds an episode, unless the journal already has it; a text that was lost
  /// by damage comes back.
  /// @returns `errc::id_conflict` if its id has another content (content.hpp);
  ///          the transaction may go on.
  caf::expected<placement> add(const episode_row& x);
  /// Adds a spacetime, unless the journal already has it; otherwise as `add`.
  caf::error add_spacetime(std::string_view id, std::string_view body);
  caf::error adjust(const adjustment& x);
  /// Replaces an episode's body; an empty one removes it, and leaves the digest
  /// of its content. Does nothing if retention has dropped the episode.
  caf::error rewrite(std::int64_t sequence, std::string_view body);
  /// Ends the transaction. After an error it has been rolled back.
  caf::error commit();
  void rollback();

  /// The sequence number of the last episode, those of the open transaction
  /// included.
  std::int64_t last_added() const { return draft_.sequence; }

  // -- reading ----------------------------------------------------------------

  /// Episodes that have a body, after `sequence`, in order.
  caf::expected<std::vector<episode_row>> read(std::int64_t after,
                                               std::int64_t limit);
  /// The newest `limit` episodes that have a body, in order; fewer if one of
  /// them turns out to be damaged.
  caf::expected<std::vector<episode_row>> newest(std::int64_t limit);
  /// The episode that has this id, or none.
  caf::expected<std::optional<episode_row>> find(const std::string& id);
  /// The recorded spacetime as JSON, or none.
  caf::expected<std::optional<std::string>> spacetime(std::string_view id);
  /// The number of episodes that have a body.
  caf::expected<std::int64_t> count_episodes();
  caf::expected<std::int64_t> count_spacetimes();

  // -- copying ----------------------------------------------------------------

  /// Copies up to `pages` further pages into the new file `to`, or the first
  /// ones if no copy is under way; outside of a transaction.
  /// @returns whether the copy is complete: the journal as it is now.
  caf::expected<bool> copy_some(const std::filesystem::path& to, int pages);
  /// That copy; null when none is under way.
  const sqlite::online_copy* copy() const { return copy_.get(); }
  /// Gives it up.
  void end_copy() { copy_.reset(); }

  // -- upkeep -----------------------------------------------------------------

  /// Drops rows past retention, in steps of a bounded size, and checkpoints the
  /// log. Does only what is overdue unless `idle`. An error in one of these
  /// does not prevent the others.
  caf::error tend(bool idle);

  /// Whether retention has more to drop than `tend` has dropped so far.
  bool behind() const;

  /// Commits a transaction without content, to find out whether the disk takes
  /// writes.
  caf::error probe();

  /// Sets what was learned from episodes that this journal never had. For a new
  /// journal, which a repair fills.
  caf::error start_from(const learned_state& baseline);

private:
  explicit journal(journal_options options);
  caf::error connect();
  caf::error prepare();
  caf::error load();
  caf::error check_ends();
  /// Has SQLite check the pages of `what`: a table, or a number of errors to
  /// find in all.
  caf::error check_structure(const std::string& what);
  void begin_verification();
  void keep_bytes(bool keep);
  journal_extent extent() const;
  caf::error run(verification& x, const verification::go_on& may_go_on);
  verification_record record() const;
  caf::error load_learned(int& rows_found,
                          std::optional<learned_state>& reached);
  caf::error load_spacetime_range();
  caf::error compare_with_mark();
  caf::error replay_tail(const std::optional<learned_state>& reached);
  bool state_is_due() const;
  void teach(learned_state& state) const;
  caf::error save(learned_kind kind, const learned_state& state);
  caf::error save(learned_kind kind, const std::string& body);
  caf::expected<placement> already_there(const episode_row& x);
  caf::error collect(sqlite::statement& rows, std::vector<episode_row>& to);
  caf::error damaged(const std::string& what) const;
  caf::error drop_expired();
  caf::error drop_episodes();
  caf::error drop_until(std::int64_t last);
  caf::error drop_spacetimes();
  caf::error checkpoint();

  journal_options options_;
  file_lock lock_;
  high_water_mark mark_;
  /// Before the connection, because it writes after that has closed.
  std::optional<verification_file> verified_;
  std::unique_ptr<disk> disk_;
  sqlite::database db_;
  std::unique_ptr<sqlite::online_copy> copy_;
  /// What was learned from the episodes that retention has dropped.
  learned_state baseline_;
  /// What was learned from all committed episodes.
  std::shared_ptr<shared_learned> shared_ = std::make_shared<shared_learned>();
  learned_state& learned_ = shared_->state;
  /// How far the open transaction gets, and what it teaches, in order.
  reached_numbers draft_;
  std::vector<std::variant<outcome, adjustment>> lessons_;
  bool draft_changed_ = false;
  /// The last episode that the row of `learned_kind::current` covers, and
  /// whether it must be written at the next commit.
  std::int64_t state_saved_ = 0;
  bool save_state_ = false;
  bool relearned_ = false;
  std::optional<verification> verification_;
  std::chrono::steady_clock::time_point recorded_at_;
  caf::error damage_;
  std::int64_t log_pages_ = 0;
  /// The journal has the spacetimes after the first of these numbers, up to the
  /// second.
  std::int64_t spacetimes_dropped_ = 0;
  std::int64_t spacetimes_recorded_ = 0;
  /// Whether the last retention step by age stopped at its limit of rows.
  bool more_expired_ = false;
  sqlite::statement begin_;
  sqlite::statement commit_;
  sqlite::statement insert_episode_;
  sqlite::statement find_episode_;
  sqlite::statement read_episodes_;
  sqlite::statement rewrite_;
  sqlite::statement insert_spacetime_;
  sqlite::statement find_spacetime_;
  sqlite::statement replace_learned_;
};

} // namespace hololoom
