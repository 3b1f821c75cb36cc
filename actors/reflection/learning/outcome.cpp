#include <hololoom/actors/reflection/learning/outcome.hpp>

#include <algorithm>
#include <cmath>

namespace hololoom {

namespace {

/// Replaces infinities, NaN and negative zero, whose sign SQLite drops, by 0.
double plain(double x) {
  return std::isfinite(x) ? x + 0.0 : 0.0;
}

} // namespace

double countable(double duration_ms) {
  constexpr auto most = 1e15;
  return std::clamp(plain(duration_ms), -most, most);
}

outcome outcome_of(const episode& x, double discount) {
  outcome result;
  result.tool = x.woven.tool_used;
  result.pattern = x.woven.metadata.text("pattern_card", "unknown");
  result.reward = plain(x.reward);
  result.success = x.success;
  result.confidence = std::clamp(plain(x.woven.confidence), 0.0, 1.0);
  result.duration_ms = countable(x.woven.trace.duration.count());
  result.query_length = code_points(x.woven.query_text);
  result.at = x.at;
  result.discount = plain(discount);
  return result;
}

std::int64_t code_points(std::string_view text) {
  // Every byte except the continuation bytes of a sequence begins a code point.
  return std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  });
}

} // namespace hololoom
