#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace hololoom::detail {

/// Keeps the vectors of shards that were looked at lately, a fixed number of
/// them. A shard's place follows from its serial, and the latest to want a
/// place has it. Safe to use from any thread.
class vector_cache {
public:
  using value = std::shared_ptr<const std::vector<float>>;

  explicit vector_cache(std::size_t places)
    : places_(places < stripes ? stripes : places) {}

  /// The vector of the shard `serial`; `make()` if it is not here.
  template <class Make>
  value get(std::uint64_t serial, Make&& make) {
    auto& mine = places_[serial % places_.size()];
    auto& mutex = mutexes_[(serial % places_.size()) % stripes];
    {
      std::lock_guard guard{mutex};
      if (mine.serial == serial)
        return mine.vector;
    }
    // Two threads may both make it: cheaper than to have one wait.
    auto made = std::make_shared<const std::vector<float>>(make());
    std::lock_guard guard{mutex};
    mine = {serial, made};
    return made;
  }

private:
  static constexpr std::size_t stripes = 64;

  struct place {
    std::uint64_t serial = 0;
    value vector;
  };

  std::vector<place> places_;
  std::array<std::mutex, stripes> mutexes_;
};

} // namespace hololoom::detail
