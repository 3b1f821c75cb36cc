#include "support/catch.hpp"

#include <hololoom/actors/storage/gathered_writes.hpp>

#include <string>

using namespace hololoom;

namespace {

std::string taken(gathered_writes& x, std::int64_t at) {
  return x.take([at](const auto& bytes, std::int64_t offset) {
    CHECK(offset == at);
    return std::string{bytes.begin(), bytes.end()};
  });
}

} // namespace

TEST_CASE("writes that follow one another become one") {
  gathered_writes x;
  CHECK(x.add("ab", 2, 100));
  CHECK(x.add("cde", 3, 102));
  CHECK(taken(x, 100) == "abcde");
  CHECK(x.empty());
}

TEST_CASE("a write elsewhere, or on what is held, has to wait") {
  gathered_writes x;
  CHECK(x.add("abc", 3, 100));
  CHECK_FALSE(x.add("x", 1, 104));
  CHECK_FALSE(x.add("x", 1, 102));
  CHECK_FALSE(x.add("x", 1, 99));
  CHECK(taken(x, 100) == "abc");
  CHECK(x.add("x", 1, 104));
}

TEST_CASE("no more is held than fits") {
  gathered_writes x;
  std::string half(gathered_writes::capacity / 2, 'x');
  CHECK(x.add(half.data(), half.size(), 0));
  CHECK(x.add(half.data(), half.size(), std::int64_t(half.size())));
  CHECK_FALSE(x.add("y", 1, gathered_writes::capacity));
  x.drop();
  CHECK(x.empty());
  std::string large(gathered_writes::capacity + 1, 'x');
  CHECK_FALSE(x.add(large.data(), large.size(), 0));
}

TEST_CASE("a part of the file is known to be held to the byte") {
  gathered_writes x;
  CHECK_FALSE(x.overlaps(0, 1'000));
  CHECK(x.add("abc", 3, 100));
  CHECK_FALSE(x.overlaps(90, 10));
  CHECK(x.overlaps(90, 11));
  CHECK(x.overlaps(102, 1));
  CHECK_FALSE(x.overlaps(103, 1));
}
