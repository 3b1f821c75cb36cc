#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>

namespace hololoom {

/// A set of numbers from 0 that are mostly neighbours: a bit for each.
class number_set {
public:
  static constexpr auto none = std::numeric_limits<std::int64_t>::max();

  void insert(std::int64_t x) { blocks_[x / block_size].set(bit_of(x)); }

  void erase(std::int64_t x) {
    auto i = blocks_.find(x / block_size);
    if (i != blocks_.end() && i->second.reset(bit_of(x)).none())
      blocks_.erase(i);
  }

  void erase_up_to(std::int64_t last) {
    blocks_.erase(blocks_.begin(), blocks_.lower_bound(last / block_size));
    for (auto x = next(0); x <= last; x = next(x))
      erase(x);
  }

  bool contains(std::int64_t x) const {
    auto i = blocks_.find(x / block_size);
    return i != blocks_.end() && i->second.test(bit_of(x));
  }

  std::int64_t size() const {
    std::size_t result = 0;
    for (const auto& [number, bits] : blocks_)
      result += bits.count();
    return static_cast<std::int64_t>(result);
  }

  /// The first number of the set from `x` on, or `none`.
  std::int64_t next(std::int64_t x) const {
    for (auto i = blocks_.lower_bound(x / block_size); i != blocks_.end(); ++i)
      for (auto bit = i->first == x / block_size ? bit_of(x) : 0;
           bit < block_size; ++bit)
        if (i->second.test(bit))
          return i->first * block_size + static_cast<std::int64_t>(bit);
    return none;
  }

  /// The first number from `x` on that is not in the set.
  std::int64_t next_absent(std::int64_t x) const {
    for (;; x = (x / block_size + 1) * block_size) {
      auto i = blocks_.find(x / block_size);
      if (i == blocks_.end())
        return x;
      for (auto bit = bit_of(x); bit < block_size; ++bit)
        if (!i->second.test(bit))
          return i->first * block_size + static_cast<std::int64_t>(bit);
    }
  }

  /// The last number of the set, or `otherwise`.
  std::int64_t last(std::int64_t otherwise) const {
    if (blocks_.empty())
      return otherwise;
    const auto& [number, bits] = *std::prev(blocks_.end());
    std::int64_t bit = block_size - 1;
    while (!bits.test(static_cast<std::size_t>(bit)))
      --bit;
    return number * block_size + bit;
  }

private:
  static constexpr std::int64_t block_size = 4096;

  static std::size_t bit_of(std::int64_t x) {
    return static_cast<std::size_t>(x % block_size);
  }

  /// None of them is empty.
  std::map<std::int64_t, std::bitset<block_size>> blocks_;
};

} // namespace hololoom
