#pragma once

#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/yarn.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace hololoom {

/// What a change of the store did.
struct store_change {
  remember_ack counts;
  /// Shards that are new or differ from before, in the order of the request.
  std::vector<shard> written;
  /// Ids that are gone.
  std::vector<std::string> removed;
};

/// Shards as they lie in a store, to be read by any thread.
struct stored_rows {
  struct row {
    std::string id;
    std::string text;
    /// All but id and text, as JSON.
    std::string rest;
    std::int64_t checksum = 0;
  };
  std::vector<row> rows;
  /// For people.
  std::string path;

  /// The shards; `corrupt` if a row is not what was written.
  caf::expected<std::vector<shard>> decode() &&;
};

/// Where shards are kept. Blocks on the disk; belongs to one thread at a time.
///
/// Errors: `disk_full`, `read_only`, `io_error`, `corrupt`, `newer_schema` and
/// `data_dir_locked` (another process has it), each with a sentence that says
/// what to do; `closed` after `close`.
class shard_store {
public:
  virtual ~shard_store() = default;

  /// Keeps `request.shards` and forgets what else was known of
  /// `request.sources`: all or nothing, and durable when it returns, if the
  /// store is. Of several shards with one id the last counts.
  /// @returns also `errc::invalid_shard`, naming the shard.
  virtual caf::expected<store_change> put(remember_request request) = 0;

  /// Calls `f` with all shards, in the order in which they were last written,
  /// `batch` at a time.
  virtual caf::error for_each(std::size_t batch,
                              const std::function<void(stored_rows)>& f) = 0;

  /// How many shards there are.
  virtual std::int64_t size() const = 0;

  virtual bool durable() const = 0;

  /// Ends its use of the disk. The destructor does it too, without telling.
  virtual caf::error close() = 0;
};

/// Opens or creates a SQLite file, in WAL mode with `synchronous=FULL`, for one
/// connection of one process. A file that is damaged or newer is left as it is.
/// @param max_bytes no more than that goes into the file: `disk_full`. 0: no
///        limit of ours.
caf::expected<std::unique_ptr<shard_store>>
open_shard_store(const std::string& path, std::int64_t max_bytes = 0);

/// A store that keeps account of what there is, but not the shards themselves,
/// and nothing past its end.
std::unique_ptr<shard_store> make_volatile_store();

/// Checks a shard as it comes from outside: id and text there, all of it UTF-8,
/// no more than `max_bytes` of text.
caf::error check(const shard& x, std::size_t max_bytes = 1U << 20U);

/// Checks all of a request.
caf::error check(const remember_request& x);

} // namespace hololoom
