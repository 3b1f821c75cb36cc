#pragma once

#include <hololoom/actors/reflection/learning/replay.hpp>
#include <hololoom/actors/storage/sqlite.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

/// The codec of the journal's rows: the one place that knows the columns of
/// each table, their order and their checksums. The journal reads and writes
/// its rows with it, and a repair decodes the rows it finds in raw pages.
///
/// `decode` takes a row's columns in the order below and returns whether the
/// row is intact: whether its checksum (CRC-32) matches. A `bind` function sets
/// the parameters of the table's INSERT in that order; the texts must outlive
/// the statement's next reset.

namespace hololoom {

/// A row of `episodes`: what is learned from the episode in columns of its own,
/// and the whole episode as JSON.
struct episode_row {
  /// From 1, without gaps; 0 until the journal assigns it.
  std::int64_t sequence = 0;
  std::string id;
  outcome learned;
  reward_formula formula = reward_formula::extracted;
  /// The episode as JSON; empty once a consolidation has removed it.
  std::string body;
  /// What the body contributes to the checksum, when already known: it spares
  /// the journal's thread a pass over a long text.
  std::optional<std::uint32_t> body_crc;
  /// The digest of the episode's content, once a consolidation has removed the
  /// body: it tells a retry from another episode under the same id.
  std::optional<std::int64_t> content;
  /// Whether the reward came with the request, so that it is part of the
  /// content; not stored.
  bool reward_given = true;
};

/// A row of `spacetimes`; the body is the spacetime as JSON.
struct spacetime_row {
  std::int64_t number = 0;
  std::string id;
  std::string body;
};

/// Which row of `learned`.
enum class learned_kind : std::int64_t {
  /// Learned from the episodes that retention has dropped.
  baseline = 0,
  /// Learned from the episodes up to some number: those that follow are
  /// counted when the journal is opened, so that not every commit writes all
  /// that was learned.
  current = 1,
  /// Only the numbers of the last episode and adjustment, from each commit.
  reached = 2,
};

/// What is stored as `learned_kind::reached`.
struct reached_numbers {
  std::int64_t sequence = 0;
  std::int64_t adjustments = 0;

  static constexpr auto fields() {
    using t = reached_numbers;
    return members(member("sequence", &t::sequence),
                   member("adjustments", &t::adjustments));
  }
  bool operator==(const reached_numbers&) const = default;
};

struct learned_row {
  learned_kind kind = learned_kind::current;
  learned_state state;
};

/// How many columns a row of each table has. Rows of `episodes` that an older
/// version wrote end with their checksum, at `oldest_episode_width`.
inline constexpr std::size_t episode_width = 16;
inline constexpr std::size_t oldest_episode_width = 14;
inline constexpr std::size_t spacetime_width = 4;
inline constexpr std::size_t adjustment_width = 4;
inline constexpr std::size_t learned_width = 3;

/// The most bytes of episodes' texts that are read, or held, at once; a single
/// episode may be longer.
inline constexpr std::size_t most_body_bytes = 64 << 20;

/// The row of `x`, without a sequence number.
episode_row row_of(const episode& x, double discount);

/// The checksum that `x` has under `sequence`.
std::int64_t checksum(std::int64_t sequence, const episode_row& x);

/// The checksum of a row that has a number, a name and a text.
std::int64_t checksum(std::int64_t number, std::string_view name,
                      std::string_view body);

/// `SELECT` with the columns that `decode` expects, followed by `rest`, which
/// says which rows and in what order.
std::string select_episodes(std::string_view rest);

extern const char* const insert_episode;
extern const char* const replace_episode;
inline constexpr auto rewrite_episode =
  "UPDATE episodes SET body=?,body_checksum=?,content=?,checksum=?"
  " WHERE sequence=?";
inline constexpr auto select_spacetimes =
  "SELECT number,id,body,checksum FROM spacetimes";
inline constexpr auto insert_spacetime =
  "INSERT INTO spacetimes(number,id,body,checksum) VALUES(?,?,?,?)"
  " ON CONFLICT(id) DO NOTHING";
inline constexpr auto into_spacetimes =
  " INTO spacetimes(number,id,body,checksum) VALUES(?,?,?,?)";
/// Tables of these columns that take rows of any ids, for a repair.
extern const char* const create_loose_tables;
inline constexpr auto insert_adjustment =
  "INSERT INTO adjustments(number,after_sequence,body,checksum)"
  " VALUES(?,?,?,?)";
inline constexpr auto select_learned = "SELECT kind,body,checksum FROM learned";
inline constexpr auto replace_learned =
  "INSERT OR REPLACE INTO learned(kind,body,checksum) VALUES(?,?,?)";

/// What an episode taught, without its text, which may be long, and so without
/// a check.
inline constexpr auto select_outcomes =
  "SELECT tool,pattern,reward,success,confidence,duration_ms,query_length,at,"
  "discount FROM episodes";
outcome outcome_in(const sqlite::row& from);

bool decode(const sqlite::row& from, episode_row& to);
bool decode(const sqlite::row& from, spacetime_row& to);
bool decode(const sqlite::row& from, adjustment_row& to);
bool decode(const sqlite::row& from, learned_row& to);

/// A damaged row of `episodes`, as far as one checksum proves what another
/// cannot.
struct mended_row {
  episode_row row;
  /// The body is lost. Otherwise nothing is: the body proves the other columns.
  bool without_body = false;
};

/// Mends a row that is not intact.
/// @returns none if too much of it is damaged. Nothing is guessed: each column
///          of the result matches a checksum of the row.
std::optional<mended_row> mend(const sqlite::row& from);

void bind_episode(sqlite::statement& to, std::int64_t sequence,
                  const episode_row& x);
void bind_rewrite(sqlite::statement& to, const episode_row& x);
void bind_spacetime(sqlite::statement& to, std::int64_t number,
                    std::string_view id, std::string_view body);
void bind_adjustment(sqlite::statement& to, std::int64_t number,
                     std::int64_t after, std::string_view body);
void bind_learned(sqlite::statement& to, learned_kind kind,
                  std::string_view body);

/// Reads the adjustments from number `first` on, at most `limit` of them; -1:
/// all.
/// @returns `errc::corrupt` if one is missing or not intact.
caf::expected<std::deque<adjustment_row>>
read_adjustments(sqlite::database& db, std::int64_t first,
                 std::int64_t limit = -1);

} // namespace hololoom
