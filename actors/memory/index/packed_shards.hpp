#pragma once

#include <hololoom/messages/shard.hpp>
#include <hololoom/messages/time.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Shards packed side by side into a few large blocks of bytes.

namespace hololoom::detail {

/// A packed shard: its bytes, and the facts that a search needs undecoded.
struct packed_shard {
  /// Id, text and the rest as JSON, one after the other.
  const char* bytes = nullptr;
  std::uint32_t id_size = 0;
  std::uint32_t text_size = 0;
  std::uint32_t rest_size = 0;
  /// The number of its indexed terms.
  std::uint32_t terms = 0;
  /// Microseconds since 1970; `no_time` without one.
  std::int64_t time = no_time;
  /// `episode_hash` of the episode's name; 0 without one.
  std::uint64_t episode_hash = 0;
  /// Unique within the process; copies keep it.
  std::uint64_t serial = 0;

  static constexpr std::int64_t no_time = INT64_MIN;

  std::string_view id() const { return {bytes, id_size}; }
  std::string_view text() const { return {bytes + id_size, text_size}; }
  std::string_view rest() const {
    return {bytes + id_size + text_size, rest_size};
  }
  std::size_t size() const {
    return std::size_t{id_size} + text_size + rest_size;
  }
};

/// The hash of an episode's name; never 0.
std::uint64_t episode_hash(std::string_view name);

/// Decodes a shard.
shard unpack(const packed_shard& x);

/// A growing list of packed shards, which owns or shares their bytes.
class packed_shards {
public:
  using block = std::shared_ptr<const std::string>;

  /// Packs all of `shards` into one block.
  void add(const std::vector<shard>& shards);

  /// Adds the shards of `other` that `keep` selects, by their index. Shares the
  /// blocks, or copies the bytes if that saves space.
  template <class Keep>
  void take(const packed_shards& other, Keep keep);

  std::size_t size() const { return list_.size(); }
  const packed_shard& operator[](std::size_t i) const { return list_[i]; }
  packed_shard& operator[](std::size_t i) { return list_[i]; }
  std::size_t bytes() const;

private:
  static constexpr std::size_t small = 1U << 20U;

  /// Copies the bytes of the shards from `first` on into a block of our own.
  void copy_bytes(std::size_t first);

  /// Makes `bytes` the block of the shards from `first` on.
  void own(std::string bytes, std::size_t first);

  std::vector<packed_shard> list_;
  std::vector<block> blocks_;
};

template <class Keep>
void packed_shards::take(const packed_shards& other, Keep keep) {
  auto first = list_.size();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < other.size(); ++i) {
    if (keep(i)) {
      list_.push_back(other[i]);
      kept += other[i].size();
    }
  }
  auto held = other.bytes() - other.size() * sizeof(packed_shard);
  if (kept < small || kept < held / 2)
    copy_bytes(first);
  else
    blocks_.insert(blocks_.end(), other.blocks_.begin(), other.blocks_.end());
}

} // namespace hololoom::detail
