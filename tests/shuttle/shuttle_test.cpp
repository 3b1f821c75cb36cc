#include "support/actor_fixture.hpp"
#include "support/catch.hpp"
#include "weaving.hpp"

#include <hololoom/actors/memory/yarn_graph.hpp>
#include <hololoom/actors/shuttle/shuttle.hpp>
#include <hololoom/actors/shuttle/weaver.hpp>
#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/messages/caf/put.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <stdexcept>

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

namespace {

/// A yarn graph that answers from a list.
class small_yarn {
public:
  static constexpr const char* name = "small_yarn";

  explicit small_yarn(local_yarn_actor::base*, std::vector<shard>* kept)
    : kept_(kept) {}

  local_yarn_actor::behavior_type make_behavior() {
    return {
      [this](const remember_request& x) -> caf::result<remember_ack> {
        if (x.shards.at(0).text == "fail")
          return failure(errc::disk_full, "no space is left");
        kept_->insert(kept_->end(), x.shards.begin(), x.shards.end());
        remember_ack ack;
        ack.added = static_cast<std::int64_t>(x.shards.size());
        return ack;
      },
      [](const recall_request&) { return recall_result{}; },
      [](yarn_status_query) { return yarn_status{}; },
      [](snapshot_query) { return index_snapshot{demo_memory()}; },
    };
  }

private:
  std::vector<shard>* kept_;
};

/// A weaver that keeps its jobs and does nothing: it is stuck.
class stuck_weaver {
public:
  static constexpr const char* name = "stuck_weaver";

  stuck_weaver(weaver_actor::base* self, local_shuttle_actor shuttle,
               std::vector<weave_order>* jobs)
    : self_(self), shuttle_(std::move(shuttle)), jobs_(jobs) {}

  weaver_actor::behavior_type make_behavior() {
    self_->send(shuttle_, weaver_ready{weaver_actor{self_}});
    return {
      [this](weave_order& x) {
        x.progress->stage = weave_stage::tool_execution;
        jobs_->push_back(std::move(x));
      },
      [this](weaver_dismissed) { self_->quit(); },
    };
  }

private:
  weaver_actor::base* self_;
  local_shuttle_actor shuttle_;
  std::vector<weave_order>* jobs_;
};

struct shuttle_fixture : actor_fixture {
  shuttle_options options;
  shuttle_deps deps;
  std::shared_ptr<const tool_registry> tools =
    std::make_shared<const tool_registry>(builtin_tools());
  std::vector<shard> kept;
  std::vector<weave_order> jobs;
  local_yarn_actor yarn;
  local_shuttle_actor shuttle;

  shuttle_fixture() {
    options.seed = 1;
    options.epsilon = 0;
    deps.next_id = [n = 0]() mutable {
      return "id-" + std::to_string(++n);
    };
  }

  void start(std::size_t weavers) {
    yarn = spawn<small_yarn, local_yarn_actor>(&kept);
    shuttle = track(spawn_shuttle(system, options, deps, false));
    for (std::size_t i = 0; i < weavers; ++i)
      add_weaver(i);
    run();
  }

  weaver_actor add_weaver(std::uint64_t number) {
    return track(
      spawn_weaver(system, {shuttle, yarn, tools, options, number}, false));
  }

  weaver_actor add_stuck_weaver() {
    auto result = spawn<stuck_weaver, weaver_actor>(shuttle, &jobs);
    run();
    return result;
  }

  static weave_request request(std::string text) {
    weave_request result;
    result.asked.text = std::move(text);
    return result;
  }

  pending_answer<spacetime> weave(std::string text) {
    return begin_ask<spacetime>(shuttle, request(std::move(text)));
  }

  shuttle_status status() {
    return *ask<shuttle_status>(shuttle, shuttle_status_query{});
  }

  void end(const caf::actor_addr& who) {
    exit_high(caf::actor_cast<caf::strong_actor_ptr>(who),
              caf::make_error(caf::exit_reason::user_shutdown));
    run();
  }

  template <class Handle>
  void end(const Handle& who) {
    end(who.address());
  }

  template <class Handle>
  bool alive(const Handle& who) {
    auto strong = caf::actor_cast<caf::strong_actor_ptr>(who);
    auto* actor = caf::actor_cast<caf::abstract_actor*>(strong);
    return !static_cast<caf::monitorable_actor*>(actor)->getf(
      caf::abstract_actor::is_terminated_flag);
  }
};

} // namespace

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

TEST_CASE_METHOD(shuttle_fixture, "bad queries are refused at the door") {
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

TEST_CASE_METHOD(shuttle_fixture, "as many are under way as allowed") {
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
                 "a stuck weaver is lost and its caller told") {
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

TEST_CASE_METHOD(shuttle_fixture, "a sooner deadline is not kept waiting") {
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

TEST_CASE_METHOD(shuttle_fixture, "a late answer is not given twice") {
  start(0);
  auto stuck = add_stuck_weaver();
  auto answer = weave("what is 2 + 2");
  advance(9s);
  REQUIRE(answer.ready());
  CHECK(status().weavers == 0);
  // Nobody replaced it: it is taken back when it returns.
  put(caf::actor_cast<caf::strong_actor_ptr>(shuttle),
      caf::actor_cast<caf::strong_actor_ptr>(stuck), caf::make_message_id(),
      caf::make_message(weave_done{1, {}}));
  run();
  CHECK(status().completed == 0);
  CHECK(status().weavers == 1);
}

TEST_CASE_METHOD(shuttle_fixture, "a crashed weaver's caller is told at once") {
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

TEST_CASE_METHOD(shuttle_fixture, "those that wait survive a crash") {
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

TEST_CASE_METHOD(shuttle_fixture, "a drain refuses what is new") {
  start(1);
  auto s = ask<shuttle_status>(shuttle, begin_drain{});
  REQUIRE(s);
  auto refused = weave("what is 2 + 2").get();
  REQUIRE(!refused);
  CHECK(is(refused.error(), errc::shutting_down));
  CHECK(status().refused == 1);
}

TEST_CASE_METHOD(shuttle_fixture, "a drain finishes what was admitted") {
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

TEST_CASE_METHOD(shuttle_fixture, "an exit ends the shuttle when all is done") {
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

TEST_CASE_METHOD(shuttle_fixture, "a cut answers whatever is left") {
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

TEST_CASE_METHOD(shuttle_fixture, "a killed shuttle leaves nobody waiting") {
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

TEST_CASE_METHOD(shuttle_fixture, "a weaver leaves when it is not needed") {
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

TEST_CASE_METHOD(shuttle_fixture, "a memory that is gone is a warning") {
  start(1);
  exit_high(yarn, caf::exit_reason::kill);
  run();
  auto woven = weave("what is 2 + 2").get();
  REQUIRE(woven);
  CHECK(woven->response == "2 + 2 = 4");
  CHECK(woven->metadata.text("status") == "degraded");
  CHECK(!woven->trace.warnings.empty());
}

TEST_CASE_METHOD(shuttle_fixture, "what was learned reaches the next weave") {
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
