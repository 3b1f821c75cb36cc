#pragma once

#include <hololoom/actors/storage/online_copy.hpp>
#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/yarn.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

/// memory/store: keeping shards. It owns the SQLite file of a memory, its
/// schema and its rows, and checks shards on their way in. It blocks on the
/// disk and knows no actor. It may include memory/text, memory/index (for
/// keep_last), storage and messages. Only the yarn graph's keeper uses it.

namespace hololoom {

/// The effect of a change.
struct store_change {
  remember_ack counts;
  /// New and changed shards, in the order of the request.
  std::vector<shard> written;
  /// Ids of the removed shards.
  std::vector<std::string> removed;
};

/// Undecoded shards. Any thread may decode them.
struct stored_rows {
  struct row {
    std::string id;
    std::string text;
    /// Everything but id and text, as JSON.
    std::string rest;
    std::int64_t checksum = 0;
  };
  std::vector<row> rows;
  /// The store's file, for error sentences.
  std::string path;

  /// @returns `corrupt` if a row's checksum does not match.
  caf::expected<std::vector<shard>> decode() &&;
};

/// A store of shards. Blocks on the disk; one thread at a time may use it.
///
/// Errors: `disk_full`, `read_only`, `io_error`, `corrupt`, `newer_schema` and
/// `data_dir_locked` (another process has opened it), each with a sentence that
/// tells the user what to do; `closed` after `close`.
class shard_store {
public:
  virtual ~shard_store() = default;

  /// Keeps `request.shards` and removes every other shard of `request.sources`:
  /// all or nothing. A durable store has synced the change when this returns.
  /// The last of several shards with the same id counts.
  /// @returns also `errc::invalid_shard`, naming the shard, and
  ///          `errc::shutting_down` once a stop was requested.
  virtual caf::expected<store_change> put(remember_request request,
                                          const std::stop_token& stop = {}) = 0;

  /// Passes all shards to `f`, in the order in which they were last written, at
  /// most `batch` at a time.
  /// @returns also `errc::cancelled` once a stop was requested.
  virtual caf::error for_each(std::size_t batch,
                              const std::function<void(stored_rows)>& f,
                              const std::stop_token& stop = {}) = 0;

  /// Begins a copy of the file, which its owner ends before it closes the
  /// store.
  /// @returns also `not_supported` if there is no file.
  virtual caf::expected<std::unique_ptr<sqlite::online_copy>>
  begin_copy(const std::filesystem::path& to) = 0;

  /// The number of shards.
  virtual std::int64_t size() const = 0;

  virtual bool durable() const = 0;

  /// Closes the file. The destructor does so too, but cannot report an error.
  virtual caf::error close() = 0;
};

/// Opens or creates a SQLite file, in WAL mode with `synchronous=FULL`, for one
/// connection of one process. A damaged or newer file is not changed.
/// @param max_bytes the file's maximal size, past which a change answers
///        `disk_full`. 0: no limit.
caf::expected<std::unique_ptr<shard_store>>
open_shard_store(const std::string& path, std::int64_t max_bytes = 0);

/// Reads every shard of a store's file.
/// @returns how many there are, or `errc::corrupt`.
caf::expected<std::int64_t> check_shard_file(const std::string& path,
                                             const std::stop_token& stop = {});

/// A store without a file: it tracks which shards there are, for the counts of
/// a change, and keeps neither their texts nor anything after its end.
std::unique_ptr<shard_store> make_volatile_store();

/// Validates a shard from outside: it has an id and a text, all of it is UTF-8,
/// and the text is at most `max_bytes` long.
caf::error check(const shard& x, std::size_t max_bytes = 1U << 20U);

/// Validates every shard of a request.
caf::error check(const remember_request& x);

} // namespace hololoom
