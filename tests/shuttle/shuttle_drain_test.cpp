#include "shuttle/shuttle_fixture.hpp"

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

TEST_CASE_METHOD(shuttle_fixture, "a drain refuses new weaves") {
  start(1);
  auto s = ask<shuttle_status>(shuttle, begin_drain{});
  REQUIRE(s);
  auto refused = weave("what is 2 + 2").get();
  REQUIRE(!refused);
  CHECK(is(refused.error(), errc::shutting_down));
  CHECK(status().refused == 1);
}

TEST_CASE_METHOD(shuttle_fixture, "a drain finishes the admitted weaves") {
  start(0);
  auto a = weave("what is 2 + 2");
  auto b = weave("what is 3 + 3");
  tell(shuttle, begin_drain{});
  CHECK(!a.ready());
  add_weaver(0);
  run();
  CHECK(a.get()->response == "2 + 2 = 4");
  CHECK(b.get()->response == "3 + 3 = 6");
  CHECK(status().drained == 2);
}

TEST_CASE_METHOD(shuttle_fixture,
                 "on exit, the shuttle first finishes its weaves") {
  start(0);
  auto answer = weave("what is 2 + 2");
  end(shuttle);
  CHECK(alive(shuttle));
  add_weaver(0);
  run();
  CHECK(answer.get()->response == "2 + 2 = 4");
  CHECK(!alive(shuttle));
}

TEST_CASE_METHOD(shuttle_fixture, "an idle shuttle ends at once") {
  start(2);
  end(shuttle);
  CHECK(!alive(shuttle));
}

TEST_CASE_METHOD(shuttle_fixture, "a second exit changes nothing") {
  start(0);
  auto answer = weave("what is 2 + 2");
  end(shuttle);
  end(shuttle);
  CHECK(alive(shuttle));
  CHECK(!answer.ready());
}

TEST_CASE_METHOD(shuttle_fixture, "a cut answers all remaining weaves") {
  start(0);
  add_stuck_weaver();
  auto under_way = weave("what is 2 + 2");
  auto waiting = weave("what is 3 + 3");
  end(shuttle);
  auto s = ask<shuttle_status>(shuttle, cut_weaves{});
  REQUIRE(s);
  CHECK(s->cut == 2);
  CHECK(is(under_way.get().error(), errc::cancelled));
  CHECK(is(waiting.get().error(), errc::cancelled));
  CHECK(jobs.at(0).progress->stop.stop_requested());
  CHECK(!alive(shuttle));
}

TEST_CASE_METHOD(shuttle_fixture, "a killed shuttle answers every caller") {
  start(0);
  add_stuck_weaver();
  auto under_way = weave("what is 2 + 2");
  auto waiting = weave("what is 3 + 3");
  exit_high(shuttle, caf::exit_reason::kill);
  run();
  REQUIRE(under_way.ready());
  REQUIRE(waiting.ready());
  CHECK(is(under_way.get().error(), errc::cancelled));
  CHECK(is(waiting.get().error(), errc::cancelled));
}

TEST_CASE_METHOD(shuttle_fixture, "a weaver that is not needed leaves") {
  start(1);
  auto weaver = add_weaver(1);
  run();
  CHECK(status().weavers == 2);
  end(weaver);
  CHECK(!alive(weaver));
  CHECK(status().weavers == 1);
}

TEST_CASE_METHOD(shuttle_fixture, "weavers stay while a drain needs them") {
  options.max_under_way = 1;
  start(0);
  auto stuck = add_stuck_weaver();
  auto weaver = add_weaver(1);
  run();
  auto a = weave("what is 2 + 2");
  REQUIRE(jobs.size() == 1);
  auto b = weave("what is 3 + 3");
  tell(shuttle, begin_drain{});
  end(weaver);
  CHECK(alive(weaver));
  caf::anon_send_exit(stuck, caf::exit_reason::kill);
  run();
  CHECK(b.get()->response == "3 + 3 = 6");
  CHECK(!alive(weaver));
}

TEST_CASE_METHOD(shuttle_fixture, "a weaver ends without its shuttle") {
  start(1);
  auto weaver = add_weaver(1);
  run();
  exit_high(shuttle, caf::exit_reason::kill);
  run();
  end(weaver);
  CHECK(!alive(weaver));
}
