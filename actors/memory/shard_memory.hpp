#pragma once

#include <hololoom/actors/memory/index/shard_index.hpp>
#include <hololoom/actors/memory/store/shard_store.hpp>
#include <hololoom/actors/memory/yarn_graph.hpp>
#include <hololoom/messages/lifecycle.hpp>

#include <filesystem>
#include <memory>
#include <stop_token>

namespace hololoom::detail {

/// The store and the index of the same shards. Blocks on the disk; only one
/// thread may use it.
class shard_memory {
public:
  /// @param stop ends an `open` or a `remember` that takes long.
  shard_memory(const memory_options& options, std::stop_token stop);

  /// Opens the store and indexes its shards. Calls `tell`, which may be null,
  /// with how far it is.
  caf::error open(const start_progress_sink& tell = {});

  /// Adds shards to the store and to `index()`. An error leaves both unchanged.
  /// Once a stop was requested, the index may lack what is in the store.
  caf::expected<remember_ack> remember(remember_request request);

  /// Begins a copy of the store's file: see `shard_store`.
  caf::expected<std::unique_ptr<sqlite::online_copy>>
  begin_copy(const std::filesystem::path& to) {
    return store_->begin_copy(to);
  }

  /// The current snapshot.
  const shard_index_ptr& index() const { return index_; }

  std::int64_t size() const { return store_->size(); }
  bool durable() const { return store_->durable(); }

  caf::error close() { return store_ ? store_->close() : caf::error{}; }

private:
  memory_options options_;
  std::stop_token stop_;
  std::unique_ptr<shard_store> store_;
  shard_index_ptr index_;
};

} // namespace hololoom::detail
