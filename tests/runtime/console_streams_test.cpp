#include "support/catch.hpp"

#include <hololoom/runtime/cli/terminal/streams.hpp>

#include <array>
#include <istream>
#include <string>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

using namespace hololoom::cli;

namespace {

/// A pipe to read from and a descriptor that interrupts the reading.
struct interruptible_pipe {
  interruptible_pipe() {
    if (::pipe(ends.data()) != 0)
      throw std::runtime_error{"no pipe"};
    interrupt = ::eventfd(0, 0);
  }
  ~interruptible_pipe() {
    close_writer();
    ::close(ends[0]);
    ::close(interrupt);
  }
  void write(std::string_view text) const {
    if (::write(ends[1], text.data(), text.size()) < 0)
      throw std::runtime_error{"cannot write"};
  }
  void close_writer() {
    if (ends[1] >= 0)
      ::close(ends[1]);
    ends[1] = -1;
  }
  std::array<int, 2> ends{};
  int interrupt = -1;
};

} // namespace

TEST_CASE("lines are read as they come, to the end of the input") {
  interruptible_pipe pipe;
  interruptible_input buffer{pipe.ends[0], pipe.interrupt};
  std::istream in{&buffer};
  std::string line;
  pipe.write("one\ntw");
  REQUIRE(std::getline(in, line));
  CHECK(line == "one");
  pipe.write("o\nthree");
  REQUIRE(std::getline(in, line));
  CHECK(line == "two");
  pipe.close_writer();
  REQUIRE(std::getline(in, line));
  CHECK(line == "three");
  CHECK_FALSE(std::getline(in, line));
}

TEST_CASE("an interrupt ends the input while a read waits") {
  interruptible_pipe pipe;
  interruptible_input buffer{pipe.ends[0], pipe.interrupt};
  std::istream in{&buffer};
  auto ended = false;
  std::thread reader{[&] {
    std::string line;
    ended = !std::getline(in, line);
  }};
  std::uint64_t one = 1;
  CHECK(::write(pipe.interrupt, &one, sizeof(one)) == sizeof(one));
  reader.join();
  CHECK(ended);
}
