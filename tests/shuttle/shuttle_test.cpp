#include "shuttle/shuttle_fixture.hpp"

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

TEST_CASE_METHOD(shuttle_fixture, "a query is answered by a weaver") {
  start(2);
  auto woven = weave("What is Thompson Sampling?").get();
  REQUIRE(woven);
  CHECK(woven->id == "id-1");
  CHECK(woven->tool_used == "answer");
  CHECK(woven->sources_used.front() == "shard_001");
  auto s = status();
  CHECK(s.weavers == 2);
  CHECK(s.completed == 1);
  CHECK(s.under_way == 0);
  CHECK(s.cards == std::map<std::string, std::int64_t>{{"fused", 1}});
}

TEST_CASE_METHOD(shuttle_fixture, "a note is written by the yarn graph") {
  start(1);
  auto woven = weave("note that the demo is on Friday").get();
  REQUIRE(woven);
  CHECK(woven->response == "Noted: the demo is on Friday");
  REQUIRE(kept.size() == 1);
  auto failed = weave("note that fail").get();
  REQUIRE(failed);
  CHECK(failed->trace.errors.at(0).type == "disk_full");
}

TEST_CASE_METHOD(shuttle_fixture, "invalid queries are refused at once") {
  start(1);
  auto answer = weave(" ").get();
  REQUIRE(!answer);
  CHECK(is(answer.error(), errc::invalid_query));
  CHECK(status().refused == 1);
}

TEST_CASE_METHOD(shuttle_fixture, "a query waits for a weaver to come") {
  start(0);
  auto answer = weave("what is 2 + 2");
  CHECK(!answer.ready());
  CHECK(status().waiting == 1);
  add_weaver(0);
  run();
  CHECK(answer.get()->response == "2 + 2 = 4");
}

TEST_CASE_METHOD(shuttle_fixture, "no weaver before the deadline is an error") {
  start(0);
  auto answer = weave("what is 2 + 2");
  advance(7999ms);
  CHECK(!answer.ready());
  advance(2ms);
  REQUIRE(answer.ready());
  CHECK(answer.get()->metadata.text("error_type") == "deadline_exceeded");
  CHECK(status().failed == 1);
  CHECK(status().waiting == 0);
}

TEST_CASE_METHOD(shuttle_fixture, "past the queue's bound it is overloaded") {
  options.max_waiting = 2;
  start(0);
  add_stuck_weaver();
  std::vector<pending_answer<spacetime>> taken;
  for (auto i = 0; i < 3; ++i)
    taken.push_back(weave("what is 2 + 2"));
  for (const auto& x : taken)
    CHECK(!x.ready());
  auto refused = weave("what is 2 + 2").get();
  REQUIRE(!refused);
  CHECK(is(refused.error(), errc::overloaded));
  auto s = status();
  CHECK(s.under_way == 1);
  CHECK(s.waiting == 2);
  CHECK(s.refused == 1);
}

TEST_CASE_METHOD(shuttle_fixture, "no more weaves are under way than allowed") {
  options.max_under_way = 1;
  start(0);
  add_stuck_weaver();
  add_stuck_weaver();
  auto a = weave("one");
  auto b = weave("two");
  CHECK(jobs.size() == 1);
  CHECK(status().waiting == 1);
}

TEST_CASE_METHOD(shuttle_fixture,
                 "a stuck weaver is lost, and its caller gets an error") {
  std::vector<lost_weaver> lost;
  deps.on_weaver_lost = [&](const lost_weaver& x) {
    lost.push_back(x);
  };
  start(0);
  auto stuck = add_stuck_weaver();
  auto answer = weave("what is 2 + 2");
  advance(7999ms);
  CHECK(!jobs.at(0).progress->stop.stop_requested());
  advance(2ms);
  CHECK(jobs.at(0).progress->stop.stop_requested());
  CHECK(!answer.ready());
  advance(250ms);
  REQUIRE(answer.ready());
  auto woven = answer.get();
  REQUIRE(woven);
  CHECK(woven->tool_used == "error");
  CHECK(woven->trace.errors.at(0).stage == "tool_execution");
  CHECK(woven->trace.errors.at(0).type == "deadline_exceeded");
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].weaver == stuck);
  CHECK(lost[0].stage == weave_stage::tool_execution);
  CHECK(lost[0].age >= 8250ms);
  CHECK(status().weavers == 0);
  CHECK(status().lost_weavers == 1);
  // It gets no more work; its replacement does.
  auto next = weave("what is 2 + 2");
  CHECK(jobs.size() == 1);
  add_weaver(7);
  run();
  CHECK(next.get()->response == "2 + 2 = 4");
}

TEST_CASE_METHOD(shuttle_fixture, "a caller's deadline is kept") {
  start(0);
  add_stuck_weaver();
  auto x = request("what is 2 + 2");
  x.deadline = millis{300};
  auto answer = begin_ask<spacetime>(shuttle, x);
  advance(540ms);
  CHECK(!answer.ready());
  advance(20ms);
  CHECK(answer.get()->metadata.text("error_type") == "deadline_exceeded");
}

TEST_CASE_METHOD(shuttle_fixture, "an earlier deadline is checked in time") {
  start(0);
  add_stuck_weaver();
  add_stuck_weaver();
  auto slow = weave("what is 2 + 2");
  auto x = request("what is 3 + 3");
  x.deadline = millis{50};
  auto quick = begin_ask<spacetime>(shuttle, x);
  advance(301ms);
  CHECK(quick.ready());
  CHECK(!slow.ready());
}

TEST_CASE_METHOD(shuttle_fixture, "a late answer does not answer twice") {
  start(0);
  auto stuck = add_stuck_weaver();
  auto answer = weave("what is 2 + 2");
  advance(9s);
  REQUIRE(answer.ready());
  CHECK(status().weavers == 0);
  // It was not replaced: it gets work again once it returns.
  put(caf::actor_cast<caf::strong_actor_ptr>(shuttle),
      caf::actor_cast<caf::strong_actor_ptr>(stuck), caf::make_message_id(),
      caf::make_message(weave_done{1, {}}));
  run();
  CHECK(status().completed == 0);
  CHECK(status().weavers == 1);
}

TEST_CASE_METHOD(shuttle_fixture,
                 "a crashed weaver's caller gets an error at once") {
  start(0);
  auto doomed = add_stuck_weaver();
  auto answer = weave("what is 2 + 2");
  caf::anon_send_exit(doomed, caf::exit_reason::kill);
  run();
  REQUIRE(answer.ready());
  CHECK(is(answer.get().error(), errc::crashed));
  CHECK(status().weavers == 0);
  CHECK(status().under_way == 0);
}

TEST_CASE_METHOD(shuttle_fixture, "waiting weaves survive a crash") {
  start(0);
  auto doomed = add_stuck_weaver();
  auto lost = weave("what is 2 + 2");
  auto waiting = weave("what is 3 + 3");
  caf::anon_send_exit(doomed, caf::exit_reason::kill);
  run();
  CHECK(!waiting.ready());
  add_weaver(1);
  run();
  CHECK(waiting.get()->response == "3 + 3 = 6");
}

TEST_CASE_METHOD(shuttle_fixture, "a memory that has exited is a warning") {
  start(1);
  exit_high(yarn, caf::exit_reason::kill);
  run();
  auto woven = weave("what is 2 + 2").get();
  REQUIRE(woven);
  CHECK(woven->response == "2 + 2 = 4");
  CHECK(woven->metadata.text("status") == "degraded");
  CHECK(!woven->trace.warnings.empty());
}

TEST_CASE_METHOD(shuttle_fixture,
                 "a newly learned policy reaches the next weave") {
  start(1);
  policy_snapshot learned;
  learned.version = 30;
  learned.tools["answer"] = {1, 30, 29, 0, 0, 29};
  learned.tools["search"] = {20, 1, 19, 19, 19, 0};
  auto before = weave("Tell me of exploration").get();
  REQUIRE(before);
  CHECK(before->tool_used == "answer");
  tell(shuttle, learned);
  auto after = weave("Tell me of exploration").get();
  REQUIRE(after);
  CHECK(after->tool_used == "search");
  CHECK(after->trace.bandit_statistics->values()["policy_version"] == 30);
}
