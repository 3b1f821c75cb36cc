#pragma once

#include <hololoom/actors/memory/index/packed_shards.hpp>
#include <hololoom/actors/memory/index/term_table.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace hololoom::detail {

class segment;
using segment_ptr = std::shared_ptr<const segment>;

/// For each shard of a segment, whether it was removed or replaced.
using dead_bits = std::vector<bool>;

/// A segment and which of its shards are dead (none if null).
struct segment_view {
  segment_ptr seg;
  std::shared_ptr<const dead_bits> dead;

  bool alive(std::uint32_t i) const { return !dead || !(*dead)[i]; }
};

/// Shards, and the inverted index over their terms. Immutable.
///
/// The postings of a term are pairs (shard - previous shard, count) in variable
/// length bytes, about two bytes a pair.
class segment {
public:
  /// @pre No two of `shards` have the same id.
  static segment_ptr build(const std::vector<shard>& shards);

  /// One segment with the live shards of `parts`, in order.
  static segment_ptr merge(std::span<const segment_view> parts);

  std::uint32_t size() const {
    return static_cast<std::uint32_t>(docs_.size());
  }

  const packed_shard& operator[](std::uint32_t i) const { return docs_[i]; }

  /// The shard with this id.
  std::optional<std::uint32_t> find(std::string_view id) const;

  /// Calls `f(shard, count)` for each shard that has `term`.
  template <class F>
  void for_each_posting(std::string_view term, F&& f) const {
    if (auto i = terms_.find(term); i != term_table::none)
      scan(i, f);
  }

  /// The number of shards that have `term`, dead ones included.
  std::uint32_t frequency(std::string_view term) const {
    auto i = terms_.find(term);
    return i == term_table::none ? 0 : postings_[i].frequency;
  }

  /// The terms, and the number of shards that have each.
  const term_table& terms() const { return terms_; }
  std::uint32_t frequency(std::uint32_t term) const {
    return postings_[term].frequency;
  }

  /// The sum of `packed_shard::terms`.
  std::uint64_t length() const { return length_; }

  std::size_t bytes() const;

private:
  struct posting_list {
    std::uint64_t begin = 0;
    std::uint32_t frequency = 0;
  };
  class builder;
  class merger;

  void index_ids();

  std::uint32_t read(std::size_t& at) const {
    std::uint32_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      auto byte = bytes_[at++];
      value |= static_cast<std::uint32_t>(byte & 0x7FU) << shift;
      if (byte < 0x80)
        return value;
    }
  }

  void write(std::uint32_t value) {
    for (; value >= 0x80; value >>= 7U)
      bytes_.push_back(static_cast<unsigned char>(value | 0x80U));
    bytes_.push_back(static_cast<unsigned char>(value));
  }

  template <class F>
  void scan(std::uint32_t term, F& f) const {
    auto [at, count] = postings_[term];
    std::uint32_t doc = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      doc += read(at);
      f(doc, read(at));
    }
  }

  packed_shards docs_;
  term_table terms_;
  std::vector<posting_list> postings_;
  std::vector<unsigned char> bytes_;
  std::uint64_t length_ = 0;

  struct id_slot {
    std::uint32_t doc = UINT32_MAX;
    std::uint32_t hash = 0;
  };
  std::vector<id_slot> ids_;
};

} // namespace hololoom::detail
