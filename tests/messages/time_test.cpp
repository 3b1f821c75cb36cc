#include "support/catch.hpp"

#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/time.hpp>

#include <string>

using namespace hololoom;
using namespace std::chrono_literals;

TEST_CASE("a time is printed in UTC with Z, without an empty fraction") {
  auto t = timestamp{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23}
                     + 15h + 54min + 8s};
  CHECK(to_iso8601(t) == "2026-11-23T15:54:08Z");
  CHECK(to_iso8601(t + 1us) == "2026-11-23T15:54:08.000001Z");
}

TEST_CASE("times before 1970 keep their fraction") {
  auto t = timestamp{-1us};
  CHECK(to_iso8601(t) == "1969-12-31T23:59:59.999999Z");
  CHECK(*parse_iso8601(to_iso8601(t)) == t);
}

TEST_CASE("a time is read with and without fraction and zone") {
  auto t = *parse_iso8601("2025-10-26T12:00:00Z");
  CHECK(*parse_iso8601("2025-10-26T12:00:00") == t);
  CHECK(*parse_iso8601("2025-10-26 12:00:00.5") == t + 500ms);
  CHECK(*parse_iso8601("2025-10-26T14:00:00+02:00") == t);
  CHECK(*parse_iso8601("2025-10-26T12:00:00.1234567Z") == t + 123456us);
}

TEST_CASE("text that is not a time is refused and quoted") {
  for (auto text :
       {"", "yesterday", "2025-13-01T00:00:00Z", "2025-02-30T00:00:00Z",
        "2025-10-26T24:00:00Z", "2025-10-26T12:00:00.Z",
        "2025-10-26T12:00:00Zjunk", "2025-10-26T12:00:00+99:00"}) {
    auto t = parse_iso8601(text);
    REQUIRE(!t);
    CHECK(is(t.error(), errc::invalid_json));
    CHECK(explain(t.error()).find(text) != std::string::npos);
  }
}

TEST_CASE("now survives its text form") {
  auto t = now();
  CHECK(*parse_iso8601(to_iso8601(t)) == t);
}
