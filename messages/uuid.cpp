#include <hololoom/messages/uuid.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <random>

namespace hololoom {

namespace {

/// Seeded from the operating system, once for each thread.
std::mt19937_64& generator() {
  thread_local std::mt19937_64 result = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device(),
                       device(), device(), device(), device()};
    return std::mt19937_64{seed};
  }();
  return result;
}

} // namespace

std::string make_uuid() {
  using namespace std::chrono;
  auto since_epoch = static_cast<std::uint64_t>(
    duration_cast<milliseconds>(system_clock::now().time_since_epoch())
      .count());
  auto& random = generator();
  auto high = (since_epoch << 16) | 0x7000 | (random() & 0x0fff);
  auto low = (random() >> 2) | (std::uint64_t{1} << 63);
  constexpr std::array digits{'0', '1', '2', '3', '4', '5', '6', '7',
                              '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
  std::string result;
  result.reserve(36);
  for (auto i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20)
      result += '-';
    auto word = i < 16 ? high : low;
    result += digits[(word >> (60 - 4 * (i % 16))) & 15];
  }
  return result;
}

} // namespace hololoom
