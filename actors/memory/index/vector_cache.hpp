#pragma once

#include <hololoom/messages/sync.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace hololoom::detail {

/// A cache of shard vectors with a fixed number of places. The serial of a
/// shard determines its place, and the latest shard to claim a place keeps it.
/// Thread-safe.
class vector_cache {
public:
  using value = std::shared_ptr<const std::vector<float>>;

  explicit vector_cache(std::size_t places)
    : places_(places < stripes ? stripes : places) {}

  /// The vector of the shard `serial`; calls `make()` if it is not cached.
  template <class Make>
  value get(std::uint64_t serial, Make&& make) {
    auto& mine = places_[serial % places_.size()];
    auto& lock = locks_[(serial % places_.size()) % stripes];
    {
      lock_guard guard{lock};
      if (mine.serial == serial)
        return mine.vector;
    }
    // Two threads may both make it, which costs less than making one wait.
    auto made = std::make_shared<const std::vector<float>>(make());
    lock_guard guard{lock};
    mine = {serial, made};
    return made;
  }

private:
  static constexpr std::size_t stripes = 64;

  struct place {
    std::uint64_t serial = 0;
    value vector;
  };

  /// The lock `i % stripes` guards the place `i`, which the thread safety
  /// analysis cannot express.
  std::vector<place> places_;
  std::array<mutex, stripes> locks_;
};

} // namespace hololoom::detail
