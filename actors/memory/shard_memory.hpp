#pragma once

#include <hololoom/actors/memory/index/shard_index.hpp>
#include <hololoom/actors/memory/store/shard_store.hpp>
#include <hololoom/actors/memory/yarn_graph.hpp>

#include <memory>

namespace hololoom::detail {

/// The store and the index of the same shards. Blocks on the disk; belongs to
/// one thread.
class shard_memory {
public:
  explicit shard_memory(const memory_options& options);

  /// Opens the store and reads it.
  caf::error open();

  /// Keeps shards: when it returns, they are in the store and in `index()`. An
  /// error leaves both as they were.
  caf::expected<remember_ack> remember(remember_request request);

  /// What is known now.
  const shard_index_ptr& index() const { return index_; }

  bool durable() const { return store_->durable(); }

  caf::error close() { return store_ ? store_->close() : caf::error{}; }

private:
  memory_options options_;
  std::unique_ptr<shard_store> store_;
  shard_index_ptr index_;
};

} // namespace hololoom::detail
