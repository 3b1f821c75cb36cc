#include <hololoom/actors/storage/sqlite_format/log_frames.hpp>
#include <hololoom/actors/storage/sqlite_format/log_sum.hpp>

#include <algorithm>
#include <optional>

namespace hololoom {

namespace {

/// How the frames of a log hang together.
class frame_chain {
public:
  frame_chain(std::string_view log, std::size_t page_size, bool big)
    : bytes_(reinterpret_cast<const unsigned char*>(log.data())),
      page_size_(page_size),
      stride_(frame_header_size + page_size),
      big_(big),
      follows_((log.size() - log_header_size) / stride_) {
    auto before = log_sum::stored_at(bytes_ + 24, big_);
    auto made_before = header_sum();
    for (std::size_t i = 0; i < size(); ++i) {
      auto stored = log_sum::stored_at(frame(i) + 16, big_);
      auto made = sum_after(before, i);
      if (page(i) != 0) {
        follows_[i] = made == stored;
        // Of the frame before it, the checksum alone may be damaged.
        if (!follows_[i] && sum_after(made_before, i) == stored) {
          follows_[i] = true;
          if (i > 0)
            follows_[i - 1] = true;
        }
      }
      before = stored;
      made_before = made;
    }
  }

  std::size_t size() const { return follows_.size(); }

  const unsigned char* frame(std::size_t i) const {
    return bytes_ + log_header_size + i * stride_;
  }

  std::uint32_t page(std::size_t i) const { return big_endian(frame(i)); }

  bool ends_transaction(std::size_t i) const {
    return big_endian(frame(i) + 4) != 0;
  }

  std::string_view salts(std::size_t i) const { return text(frame(i) + 8, 8); }

  std::string_view content(std::size_t i) const {
    return text(frame(i) + frame_header_size, page_size_);
  }

  /// Whether nothing was ever written there.
  bool empty(std::size_t i) const {
    return std::all_of(frame(i), frame(i) + stride_,
                       [](unsigned char c) { return c == 0; });
  }

  /// Whether it was written right after the frame before it; the first one,
  /// after the header.
  bool follows(std::size_t i) const { return follows_[i]; }

  std::ptrdiff_t links() const {
    return std::count(follows_.begin(), follows_.end(), true);
  }

  /// What names the generation that the log is in.
  std::string_view current_salts() const {
    if (header_sum().matches(bytes_ + 24))
      return text(bytes_ + 16, 8);
    // It is in front. Two frames that belong together have them right.
    for (std::size_t i = 1; i < size(); ++i)
      if (follows(i) && salts(i) == salts(i - 1))
        return salts(i);
    return size() > 0 ? salts(0) : std::string_view{};
  }

private:
  log_sum header_sum() const {
    log_sum result{big_};
    result.add(bytes_, 24);
    return result;
  }

  log_sum sum_after(log_sum before, std::size_t i) const {
    before.add(frame(i), 8);
    before.add(frame(i) + frame_header_size, page_size_);
    return before;
  }

  static std::string_view text(const unsigned char* p, std::size_t size) {
    return {reinterpret_cast<const char*>(p), size};
  }

  const unsigned char* bytes_;
  std::size_t page_size_;
  std::size_t stride_;
  bool big_;
  std::vector<bool> follows_;
};

/// How many frames the current generation has: they are in front, but for any
/// that are damaged beyond recognition.
std::size_t count_current(const frame_chain& chain) {
  auto salts = chain.current_salts();
  std::size_t result = 0;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    auto named = chain.salts(i) == salts && !chain.empty(i);
    auto follows_current = i > 0 && i == result && chain.follows(i);
    auto next_is_named = i + 1 < chain.size() && chain.follows(i + 1)
                      && chain.salts(i + 1) == salts;
    if (named || follows_current || next_is_named)
      result = i + 1;
  }
  return result;
}

/// How many of the first `current` frames belong to committed transactions.
std::size_t count_committed(const frame_chain& chain, std::size_t current) {
  std::size_t result = 0;
  // Whether the frames since the last break are known not to be left behind.
  auto certain = true;
  // The end of a transaction since the last break.
  std::optional<std::size_t> ended;
  for (std::size_t i = 0; i < current; ++i) {
    if (i > 0 && !chain.follows(i)) {
      certain = false;
      ended.reset();
    } else if (ended) {
      // Another transaction was begun behind that one.
      certain = true;
    }
    if (chain.ends_transaction(i))
      ended = i;
    if (certain && ended)
      result = *ended + 1;
  }
  return result;
}

} // namespace

std::vector<log_frame> read_log_frames(std::string_view log,
                                       std::size_t page_size) {
  if (log.size() < log_header_size)
    return {};
  frame_chain chain{log, page_size, false};
  // A log made by a machine of the other byte order; the header may be damaged
  // that says so.
  if (frame_chain other{log, page_size, true}; other.links() > chain.links())
    chain = other;
  auto current = count_current(chain);
  auto committed = count_committed(chain, current);
  std::vector<log_frame> result;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    if (chain.empty(i))
      continue;
    auto standing = i >= current   ? frame_standing::moved
                  : i >= committed ? frame_standing::doubtful
                                   : frame_standing::committed;
    result.push_back(
      {chain.page(i), chain.content(i), standing, chain.follows(i)});
  }
  return result;
}

} // namespace hololoom
