#include <hololoom/actors/storage/sqlite_format/wal_format.hpp>
#include <hololoom/actors/storage/sqlite_format/wal_frames.hpp>

#include <algorithm>
#include <cassert>
#include <optional>

namespace hololoom {

namespace {

/// The frames of a log and the links between them.
class frame_chain {
public:
  frame_chain(std::string_view log, std::size_t page_size, bool big)
    : header_{reinterpret_cast<const unsigned char*>(log.data())},
      page_size_(page_size),
      big_(big),
      follows_((log.size() - wal::header_size) / at(0).size()) {
    auto before = header_.stored(big_);
    auto computed_before = header_.computed(big_);
    for (std::size_t i = 0; i < size(); ++i) {
      auto stored = at(i).stored(big_);
      auto computed = at(i).computed(before);
      if (at(i).page() != 0) {
        follows_[i] = computed == stored;
        // Perhaps only the checksum of the previous frame is damaged.
        if (!follows_[i] && at(i).computed(computed_before) == stored) {
          follows_[i] = true;
          if (i > 0)
            follows_[i - 1] = true;
        }
      }
      before = stored;
      computed_before = computed;
    }
  }

  std::size_t size() const { return follows_.size(); }

  wal::frame at(std::size_t i) const {
    auto stride = wal::frame{nullptr, page_size_}.size();
    return {header_.p + wal::header_size + i * stride, page_size_};
  }

  /// Whether nothing was ever written there.
  bool empty(std::size_t i) const {
    auto x = at(i);
    return std::all_of(x.p, x.p + x.size(),
                       [](unsigned char c) { return c == 0; });
  }

  /// Whether the frame was written right after the one before it; the first
  /// one, after the header.
  bool follows(std::size_t i) const { return follows_[i]; }

  std::ptrdiff_t links() const {
    return std::count(follows_.begin(), follows_.end(), true);
  }

  /// The salts that name the log's current generation.
  std::string_view current_salts() const {
    if (header_.computed(big_) == header_.stored(big_))
      return header_.salts();
    // The current generation is in front, and two frames of it that are linked
    // have its salts.
    for (std::size_t i = 1; i < size(); ++i)
      if (follows(i) && at(i).salts() == at(i - 1).salts())
        return at(i).salts();
    return size() > 0 ? at(0).salts() : std::string_view{};
  }

private:
  wal::log_header header_;
  std::size_t page_size_;
  bool big_;
  std::vector<bool> follows_;
};

/// How many of the first frames belong to the current generation, damaged ones
/// in between included.
std::size_t count_current(const frame_chain& chain) {
  auto salts = chain.current_salts();
  std::size_t result = 0;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    auto named = chain.at(i).salts() == salts && !chain.empty(i);
    auto follows_current = i > 0 && i == result && chain.follows(i);
    auto next_is_named = i + 1 < chain.size() && chain.follows(i + 1)
                      && chain.at(i + 1).salts() == salts;
    if (named || follows_current || next_is_named)
      result = i + 1;
  }
  return result;
}

/// How many of the first `current` frames belong to committed transactions.
std::size_t count_committed(const frame_chain& chain, std::size_t current) {
  std::size_t result = 0;
  // Whether the frames since the last break are known not to be the rest of a
  // failed transaction.
  auto certain = true;
  // The last frame of a transaction since the last break.
  std::optional<std::size_t> ended;
  for (std::size_t i = 0; i < current; ++i) {
    if (i > 0 && !chain.follows(i)) {
      certain = false;
      ended.reset();
    } else if (ended) {
      // Another transaction starts behind that one.
      certain = true;
    }
    if (chain.at(i).ends_transaction())
      ended = i;
    if (certain && ended)
      result = *ended + 1;
  }
  return result;
}

} // namespace

std::vector<wal_frame> read_wal_frames(std::string_view log,
                                       std::size_t page_size) {
  assert(page_size > 0);
  if (log.size() < wal::header_size)
    return {};
  frame_chain chain{log, page_size, false};
  // The log may come from a machine of the other byte order; the header that
  // says so may be damaged.
  if (frame_chain other{log, page_size, true}; other.links() > chain.links())
    chain = other;
  auto current = count_current(chain);
  auto committed = count_committed(chain, current);
  std::vector<wal_frame> result;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    if (chain.empty(i))
      continue;
    auto standing = i >= current   ? frame_standing::moved
                  : i >= committed ? frame_standing::doubtful
                                   : frame_standing::committed;
    result.push_back(
      {chain.at(i).page(), chain.at(i).content(), standing, chain.follows(i)});
  }
  return result;
}

} // namespace hololoom
