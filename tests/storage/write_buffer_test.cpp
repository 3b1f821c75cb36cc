#include "support/catch.hpp"

#include <hololoom/actors/storage/write_buffer.hpp>

#include <string>

using namespace hololoom;

namespace {

std::string flushed(write_buffer& x, std::int64_t at) {
  return x.flush([at](const auto& bytes, std::int64_t offset) {
    CHECK(offset == at);
    return std::string{bytes.begin(), bytes.end()};
  });
}

} // namespace

TEST_CASE("consecutive writes become one") {
  write_buffer x;
  CHECK(x.add("ab", 2, 100));
  CHECK(x.add("cde", 3, 102));
  CHECK(flushed(x, 100) == "abcde");
  CHECK(x.empty());
}

TEST_CASE("a write elsewhere, or over buffered bytes, needs a flush first") {
  write_buffer x;
  CHECK(x.add("abc", 3, 100));
  CHECK_FALSE(x.add("x", 1, 104));
  CHECK_FALSE(x.add("x", 1, 102));
  CHECK_FALSE(x.add("x", 1, 99));
  CHECK(flushed(x, 100) == "abc");
  CHECK(x.add("x", 1, 104));
}

TEST_CASE("the buffer takes no more than its capacity") {
  write_buffer x;
  std::string half(write_buffer::capacity / 2, 'x');
  CHECK(x.add(half.data(), half.size(), 0));
  CHECK(x.add(half.data(), half.size(), std::int64_t(half.size())));
  CHECK_FALSE(x.add("y", 1, write_buffer::capacity));
  x.discard();
  CHECK(x.empty());
  std::string large(write_buffer::capacity + 1, 'x');
  CHECK_FALSE(x.add(large.data(), large.size(), 0));
}

TEST_CASE("the buffer knows to the byte which part of the file it has") {
  write_buffer x;
  CHECK_FALSE(x.overlaps(0, 1'000));
  CHECK(x.add("abc", 3, 100));
  CHECK_FALSE(x.overlaps(90, 10));
  CHECK(x.overlaps(90, 11));
  CHECK(x.overlaps(102, 1));
  CHECK_FALSE(x.overlaps(103, 1));
}
