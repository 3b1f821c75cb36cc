#include <hololoom/actors/shuttle/weave/steps/steps.hpp>

#include <algorithm>
#include <array>
#include <chrono>

namespace hololoom {

namespace {

using namespace std::chrono_literals;

constexpr std::array recent_words{
  std::string_view{"today"},    std::string_view{"yesterday"},
  std::string_view{"recent"},   std::string_view{"recently"},
  std::string_view{"latest"},   std::string_view{"newest"},
  std::string_view{"currently"}};

struct look_back {
  std::chrono::microseconds max_age;
  double bias;
};

look_back look_back_of(card_kind kind) {
  switch (kind) {
    case card_kind::bare: return {24h, 0.8};
    case card_kind::fast: return {24h * 7, 0.5};
    case card_kind::fused: break;
  }
  return {24h * 365, 0.2};
}

bool asks_for_recent(const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return std::find(recent_words.begin(), recent_words.end(), word)
        != recent_words.end();
  });
}

/// Reads the time at `key` of the metadata into `to`.
/// @returns whether there is one that can be read.
bool read_time(const attributes& metadata, std::string_view key, timestamp& to,
               std::vector<std::string>& warnings) {
  if (!metadata.has(key))
    return false;
  auto t = parse_iso8601(metadata.text(key));
  if (t)
    to = *t;
  else
    warnings.push_back("metadata." + std::string{key}
                       + " was ignored: " + explain(t.error()));
  return static_cast<bool>(t);
}

} // namespace

window_setup set_up_window(const query_view& view, const attributes& metadata,
                           const pattern_card& card, timestamp at) {
  auto back = look_back_of(card.kind);
  window_setup result;
  auto& window = result.window;
  window.recency_bias = back.bias;
  window.end = at;
  if (asks_for_recent(view.words)) {
    window.start = at - back.max_age;
    window.max_age = back.max_age;
    result.narrowed = true;
  } else {
    // The epoch of the clock: no file is older.
    window.start = timestamp{};
    window.max_age = at - window.start;
  }
  if (read_time(metadata, "since", window.start, result.warnings))
    window.max_age = std::max(at - window.start, std::chrono::microseconds{0});
  read_time(metadata, "until", window.end, result.warnings);
  if (auto episode = metadata.text("episode"); !episode.empty())
    window.episode = episode;
  return result;
}

} // namespace hololoom
