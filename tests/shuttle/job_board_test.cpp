#include "support/catch.hpp"

#include <hololoom/actors/shuttle/job_board.hpp>
#include <hololoom/actors/shuttle/weave/query_check.hpp>

#include <cmath>

using namespace hololoom;
using namespace std::chrono_literals;

namespace {

const job_board::time_point start{};
using numbers = std::vector<std::uint64_t>;

} // namespace

TEST_CASE("a board has room for its idle weavers and its queue") {
  job_board board{2, 1, 100ms};
  CHECK(board.has_room(1));
  board.add({}, start);
  CHECK(board.has_room(1));
  CHECK(!board.has_room(0));
  CHECK(board.start_next());
  CHECK(board.waiting() == 0);
  CHECK(board.has_room(0));
}

TEST_CASE("no more weaves are under way than allowed, however many weavers") {
  job_board board{1, 1, 100ms};
  board.add({}, start);
  CHECK(board.start_next());
  board.add({}, start);
  CHECK(!board.start_next());
  CHECK(!board.has_room(7));
}

TEST_CASE("weaves start in the order in which they came") {
  job_board board{9, 9, 0ms};
  auto first = board.add({}, start);
  auto second = board.add({}, start);
  board.remove(first);
  CHECK(board.start_next()->order.number == second);
  CHECK(!board.start_next());
}

TEST_CASE("a weave leaves the board once") {
  job_board board{9, 9, 0ms};
  auto number = board.add({}, start);
  CHECK(board.remove(number));
  CHECK(!board.remove(number));
  CHECK(board.empty());
}

TEST_CASE(
  "late weaves are stopped at the deadline and stuck after the margin") {
  job_board board{1, 9, 100ms};
  auto running = board.add({}, start + 1s);
  auto waiting = board.add({}, start + 1s);
  REQUIRE(board.start_next());
  CHECK(board.next_check() == start + 1s);
  CHECK(board.find_late(start + 999ms).to_stop.empty());
  auto late = board.find_late(start + 1s);
  CHECK(late.to_stop == numbers{running});
  CHECK(late.unstarted == numbers{waiting});
  CHECK(late.stuck.empty());
  board.remove(waiting);
  CHECK(board.next_check() == start + 1100ms);
  late = board.find_late(start + 1100ms);
  CHECK(late.to_stop.empty());
  CHECK(late.stuck == numbers{running});
}

TEST_CASE("an invalid query is refused with the fault named") {
  shuttle_options options;
  options.max_query_chars = 10;
  auto problem = [&](std::string text) {
    weave_request x;
    x.asked.text = std::move(text);
    auto err = check_query(x, options);
    if (err)
      CHECK(is(err, errc::invalid_query));
    return explain(err);
  };
  CHECK(problem("ten chars!") == "no error");
  CHECK(problem("tän chärs!") == "no error");
  CHECK(problem("eleven char").find("11 characters") != std::string::npos);
  CHECK(problem(std::string(1000, 'x')).find("10") != std::string::npos);
  CHECK(problem("").find("empty") != std::string::npos);
  CHECK(problem(" \n\t").find("empty") != std::string::npos);
  CHECK(problem("abc\xff").find("byte 3") != std::string::npos);
  CHECK(problem("\xc0\xaf").find("byte 0") != std::string::npos);
}

TEST_CASE("a deadline must be a positive number") {
  weave_request x;
  x.asked.text = "a query";
  for (double bad : {0.0, -1.0, std::nan("")}) {
    x.deadline = millis{bad};
    CHECK(is(check_query(x, {}), errc::invalid_query));
  }
  x.deadline = millis{1};
  CHECK(!check_query(x, {}));
}
