#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hololoom::detail {

/// Numbers words from 0, in order of insertion. Open addressing over one block
/// of bytes: a quarter of the space and time of a map of strings.
class term_table {
public:
  static constexpr std::uint32_t none = UINT32_MAX;

  std::size_t size() const { return ends_.size(); }

  std::string_view operator[](std::uint32_t i) const {
    auto begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view{bytes_}.substr(begin, ends_[i] - begin);
  }

  /// The number of `word`, or `none`.
  std::uint32_t find(std::string_view word) const {
    return slots_.empty() ? none : slots_[place(word, hash(word))].number;
  }

  /// The number of `word`; inserts it if need be.
  std::uint32_t add(std::string_view word) {
    if (size() * 2 >= slots_.size())
      grow();
    auto h = hash(word);
    auto& found = slots_[place(word, h)];
    if (found.number == none) {
      found = {static_cast<std::uint32_t>(size()), h};
      bytes_ += word;
      ends_.push_back(static_cast<std::uint32_t>(bytes_.size()));
    }
    return found.number;
  }

  std::size_t bytes() const {
    return bytes_.capacity() + ends_.capacity() * sizeof(std::uint32_t)
         + slots_.capacity() * sizeof(slot);
  }

  void shrink() {
    bytes_.shrink_to_fit();
    ends_.shrink_to_fit();
  }

private:
  struct slot {
    std::uint32_t number = none;
    std::uint32_t hash = 0;
  };

  static std::uint32_t hash(std::string_view word) {
    return static_cast<std::uint32_t>(std::hash<std::string_view>{}(word));
  }

  std::size_t place(std::string_view word, std::uint32_t h) const {
    auto mask = slots_.size() - 1;
    auto i = h & mask;
    while (slots_[i].number != none
           && (slots_[i].hash != h || (*this)[slots_[i].number] != word))
      i = (i + 1) & mask;
    return i;
  }

  void grow() {
    auto old = std::exchange(
      slots_, std::vector<slot>(slots_.empty() ? 64 : slots_.size() * 2));
    auto mask = slots_.size() - 1;
    for (const auto& x : old) {
      if (x.number == none)
        continue;
      auto i = x.hash & mask;
      while (slots_[i].number != none)
        i = (i + 1) & mask;
      slots_[i] = x;
    }
  }

  std::string bytes_;
  std::vector<std::uint32_t> ends_;
  std::vector<slot> slots_;
};

} // namespace hololoom::detail
