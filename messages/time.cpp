#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/time.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>

namespace hololoom {

namespace {

/// Reads fixed-width decimal fields off the front of a text.
class scanner {
public:
  explicit scanner(std::string_view text) : rest_(text) {}

  std::optional<int> digits(std::size_t count) {
    if (rest_.size() < count)
      return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9')
        return std::nullopt;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }

  bool skip(char c) {
    if (rest_.empty() || rest_.front() != c)
      return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// A fraction of a second of any precision, cut to microseconds.
  std::optional<int> fraction() {
    int micros = 0;
    int scale = 100'000;
    std::size_t seen = 0;
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      micros += (rest_.front() - '0') * scale;
      scale /= 10;
      rest_.remove_prefix(1);
      ++seen;
    }
    if (seen == 0)
      return std::nullopt;
    return micros;
  }

  /// `Z`, `+hh:mm`, `-hh:mm`, or nothing, which means UTC.
  std::optional<std::chrono::minutes> zone() {
    if (rest_.empty() || skip('Z'))
      return std::chrono::minutes{0};
    auto negative = rest_.front() == '-';
    if (!skip('+') && !skip('-'))
      return std::nullopt;
    auto hours = digits(2);
    skip(':');
    auto minutes = digits(2);
    if (!hours || !minutes || *hours > 14 || *minutes > 59)
      return std::nullopt;
    auto offset = std::chrono::minutes{*hours * 60 + *minutes};
    return negative ? -offset : offset;
  }

  bool done() const { return rest_.empty(); }

private:
  std::string_view rest_;
};

std::optional<timestamp> parse(std::string_view text) {
  using namespace std::chrono;
  scanner in{text};
  auto y = in.digits(4);
  if (!y || !in.skip('-'))
    return std::nullopt;
  auto mo = in.digits(2);
  if (!mo || !in.skip('-'))
    return std::nullopt;
  auto d = in.digits(2);
  if (!d || !(in.skip('T') || in.skip(' ')))
    return std::nullopt;
  auto h = in.digits(2);
  if (!h || !in.skip(':'))
    return std::nullopt;
  auto mi = in.digits(2);
  if (!mi || !in.skip(':'))
    return std::nullopt;
  auto s = in.digits(2);
  if (!s)
    return std::nullopt;
  int micros = 0;
  if (in.skip('.')) {
    auto fraction = in.fraction();
    if (!fraction)
      return std::nullopt;
    micros = *fraction;
  }
  auto offset = in.zone();
  if (!offset || !in.done())
    return std::nullopt;
  auto date = year_month_day{year{*y}, month(static_cast<unsigned>(*mo)),
                             day(static_cast<unsigned>(*d))};
  if (!date.ok() || *h > 23 || *mi > 59 || *s > 59)
    return std::nullopt;
  return timestamp{sys_days{date} + hours{*h} + minutes{*mi} + seconds{*s}
                   + microseconds{micros} - *offset};
}

/// Writes the last `width` digits of `x`, and returns the end of the text.
char* put_digits(char* to, std::int64_t x, int width) {
  for (auto i = width; i-- > 0; x /= 10)
    to[i] = static_cast<char>('0' + x % 10);
  return to + width;
}

} // namespace

timestamp now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(
    std::chrono::system_clock::now());
}

void append_iso8601(std::string& out, timestamp t) {
  using namespace std::chrono;
  auto days = floor<std::chrono::days>(t);
  year_month_day date{days};
  hh_mm_ss time{t - days};
  // Written by hand for speed: each episode has several times.
  std::array<char, 32> text; // NOLINT(*-member-init): it is written to first.
  auto end = text.data();
  auto put = [&end](std::int64_t x, int width, char behind) {
    end = put_digits(end, x, width);
    *end++ = behind;
  };
  auto year = static_cast<int>(date.year());
  if (year < 0)
    *end++ = '-';
  year = std::abs(year);
  put(year, year <= 9'999 ? 4 : year <= 99'999 ? 5 : 6, '-');
  put(unsigned{date.month()}, 2, '-');
  put(unsigned{date.day()}, 2, 'T');
  put(time.hours().count(), 2, ':');
  put(time.minutes().count(), 2, ':');
  auto micros = time.subseconds().count();
  put(time.seconds().count(), 2, micros != 0 ? '.' : 'Z');
  if (micros != 0)
    put(micros, 6, 'Z');
  out.append(text.data(), end);
}

std::string to_iso8601(timestamp t) {
  std::string result;
  append_iso8601(result, t);
  return result;
}

caf::expected<timestamp> parse_iso8601(std::string_view text) {
  if (auto t = parse(text))
    return *t;
  return failure(errc::invalid_json,
                 "\"" + std::string{text.substr(0, 64)}
                   + "\" is not an ISO 8601 time; expected a form like "
                     "2026-11-23T15:54:08Z");
}

} // namespace hololoom
