#include <hololoom/actors/storage/sqlite_format/wal_frames.hpp>

#include <algorithm>
#include <fstream>

namespace hololoom {

namespace {

// The layout of a log: https://sqlite.org/fileformat2.html#walformat

constexpr std::size_t header_size = 32;
constexpr std::size_t frame_header_size = 24;
constexpr std::size_t frame_size = frame_header_size + sqlite_page_size;

std::uint32_t big_endian(const unsigned char* p) {
  return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16
       | std::uint32_t{p[2]} << 8 | std::uint32_t{p[3]};
}

std::uint32_t little_endian(const unsigned char* p) {
  return std::uint32_t{p[3]} << 24 | std::uint32_t{p[2]} << 16
       | std::uint32_t{p[1]} << 8 | std::uint32_t{p[0]};
}

/// A log's running checksum, over pairs of words. It continues from frame to
/// frame, so that the checksum of each depends on all before it.
struct checksum {
  bool big = false; ///< The byte order of the words.
  std::uint32_t a = 0;
  std::uint32_t b = 0;

  static checksum stored_at(const unsigned char* p, bool big) {
    return {big, big_endian(p), big_endian(p + 4)};
  }

  checksum& add(const unsigned char* p, std::size_t size) {
    for (std::size_t i = 0; i + 8 <= size; i += 8) {
      a += (big ? big_endian(p + i) : little_endian(p + i)) + b;
      b += (big ? big_endian(p + i + 4) : little_endian(p + i + 4)) + a;
    }
    return *this;
  }

  bool operator==(const checksum&) const = default;
};

/// What names the generation that a log, or a frame, is in.
std::uint64_t salts_at(const unsigned char* p) {
  return std::uint64_t{big_endian(p)} << 32 | big_endian(p + 4);
}

/// What a frame says about itself.
struct stored_frame {
  std::uint32_t page = 0;
  bool ends_transaction = false;
  std::uint64_t salts = 0;
  /// Whether it was written right after the frame before it; the first one,
  /// after the header.
  bool follows = false;
  /// Whether nothing was ever written there.
  bool empty = false;
};

bool read(std::ifstream& in, std::vector<unsigned char>& to) {
  auto size = static_cast<std::streamsize>(to.size());
  in.read(reinterpret_cast<char*>(to.data()), size);
  return in.gcount() == size;
}

/// The frames of a log and the links between them.
class frame_chain {
public:
  explicit frame_chain(const std::filesystem::path& log) {
    std::ifstream in{log, std::ios::binary};
    std::vector<unsigned char> bytes(header_size);
    if (!read(in, bytes))
      return;
    auto p = bytes.data();
    // The order in which the machine that wrote the log computed checksums.
    auto big = big_endian(p) == 0x377f0683;
    salts_ = salts_at(p + 16);
    before_ = checksum::stored_at(p + 24, big);
    computed_before_ = checksum{big}.add(p, 24);
    header_intact_ =
      before_ == computed_before_ && (big || big_endian(p) == 0x377f0682);
    bytes.resize(frame_size);
    while (read(in, bytes))
      add(bytes.data());
  }

  std::size_t size() const { return frames_.size(); }
  const stored_frame& at(std::size_t i) const { return frames_[i]; }
  bool header_intact() const { return header_intact_; }

  /// How many frames SQLite would read.
  std::size_t accepted() const { return header_intact_ ? accepted_ : 0; }

  /// The salts that name the log's current generation.
  std::uint64_t current_salts() const {
    if (header_intact_)
      return salts_;
    // The current generation is in front, and two frames of it that are linked
    // have its salts.
    for (std::size_t i = 1; i < size(); ++i)
      if (at(i).follows && at(i).salts == at(i - 1).salts)
        return at(i).salts;
    return size() > 0 ? at(0).salts : 0;
  }

private:
  void add(const unsigned char* p) {
    auto checksum_after = [&](checksum x) {
      return x.add(p, 8).add(p + frame_header_size, sqlite_page_size);
    };
    auto stored = checksum::stored_at(p + 16, before_.big);
    auto computed = checksum_after(before_);
    stored_frame x{big_endian(p), big_endian(p + 4) != 0, salts_at(p + 8)};
    if (x.page != 0) {
      x.follows = computed == stored;
      if (x.follows && accepted_ == size() && x.salts == salts_)
        ++accepted_;
      // Perhaps only the checksum of the previous frame is damaged.
      if (!x.follows && checksum_after(computed_before_) == stored) {
        x.follows = true;
        if (!frames_.empty())
          frames_.back().follows = true;
      }
    }
    x.empty =
      x.page == 0
      && std::all_of(p, p + frame_size, [](unsigned char c) { return c == 0; });
    frames_.push_back(x);
    before_ = stored;
    computed_before_ = computed;
  }

  std::vector<stored_frame> frames_;
  std::uint64_t salts_ = 0;
  bool header_intact_ = false;
  std::size_t accepted_ = 0;
  checksum before_;          ///< As stored with the last frame.
  checksum computed_before_; ///< As the last frame's bytes give it.
};

/// How many of the first frames belong to the current generation, damaged ones
/// in between included.
std::size_t count_current(const frame_chain& chain) {
  auto salts = chain.current_salts();
  std::size_t result = 0;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    auto named = chain.at(i).salts == salts && !chain.at(i).empty;
    auto follows_current = i > 0 && i == result && chain.at(i).follows;
    auto next_is_named = i + 1 < chain.size() && chain.at(i + 1).follows
                      && chain.at(i + 1).salts == salts;
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
  // How many frames there are up to the last one since the last break that ends
  // a transaction; 0 if none does.
  std::size_t ended = 0;
  for (std::size_t i = 0; i < current; ++i) {
    if (!chain.at(i).follows) {
      certain = false;
      ended = 0;
    } else if (ended > 0) {
      // Another transaction starts behind that one.
      certain = true;
    }
    if (chain.at(i).ends_transaction)
      ended = i + 1;
    if (certain && ended > 0)
      result = ended;
  }
  return result;
}

} // namespace

wal_contents read_wal(const std::filesystem::path& file) {
  auto log = file;
  log += "-wal";
  frame_chain chain{log};
  auto current = count_current(chain);
  auto committed = count_committed(chain, current);
  wal_contents result{{}, chain.header_intact(), chain.accepted(), committed};
  for (std::size_t i = 0; i < chain.size(); ++i) {
    if (chain.at(i).empty)
      continue;
    auto standing = i >= current   ? frame_standing::moved
                  : i >= committed ? frame_standing::doubtful
                                   : frame_standing::committed;
    auto at = header_size + i * frame_size + frame_header_size;
    result.frames.push_back({chain.at(i).page, static_cast<std::int64_t>(at),
                             standing, chain.at(i).follows});
  }
  return result;
}

} // namespace hololoom
