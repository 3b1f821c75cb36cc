#include "supervision/core/core_fixture.hpp"

#include <hololoom/actors/supervision/core/backlog.hpp>
#include <hololoom/actors/supervision/core/core.hpp>

// Each rule of the supervisor alone: no actors, no clock, no threads.

using namespace hololoom;
using namespace hololoom::test;
using sv::attempt;
using sv::child;
using sv::origin;
using sv::time_point;

namespace {

/// Rules over four children, "a" to "d", and stand-ins for what they call.
class rules : public core_fixture,
              public sv::restart::orders,
              public sv::plan::steps {
public:
  explicit rules(supervisor_options o = {})
    : options(std::move(o)),
      root("root"),
      host(handle),
      books(options, root, host),
      slices(host),
      stopping(options, books, host),
      restart(options, books, host, slices, *this),
      plan(options, books, slices, *this),
      drain(options, books, host, slices, stopping, plan) {}

  child& add(const std::string& name,
             restart_type type = restart_type::permanent) {
    return books.add(name, spec(name, type));
  }

  void run_all() {
    for (auto name : {"a", "b", "c", "d"})
      restart.start(add(name), origin::boot, now);
    plan.cancel();
    host.log();
  }

  child& at(const std::string& name) { return *books.find(name); }

  // -- what restart needs -----------------------------------------------------

  bool is_stopping() const override { return is_ending; }
  void stop_all(caf::error, time_point) override { host.note("stop all"); }
  void restart_group(child& c, time_point) override {
    host.note("restart group of " + c.name);
  }
  void restart_alone(child& c, time_point) override {
    host.note("restart alone " + c.name);
  }
  void abandon_group() override { host.note("abandon group"); }
  void stays_down(child& c) override {
    books.set_state(c, child_state::stopped);
    host.note("down " + c.name);
  }

  // -- what plan needs --------------------------------------------------------

  bool stop(child& c, time_point t) override {
    stopping.ask(c, t);
    return true;
  }
  void kill(child& c, time_point t) override { stopping.kill(c, t); }
  attempt start(child& c, origin why, time_point t) override {
    return restart.start(c, why, t);
  }

  void end(child& c) {
    books.lose_handle(c, "x");
    plan.on_down(c);
  }

  supervisor_options options;
  board root;
  recording_host host;
  sv::books books;
  sv::slices slices;
  sv::stopping stopping;
  sv::restart restart;
  sv::plan plan;
  sv::drain drain;
  time_point now{1h};
  bool is_ending = false;
};

supervisor_options with(strategy s) {
  supervisor_options o;
  o.strategy = s;
  return o;
}

} // namespace

// -- plan -------------------------------------------------------------------------

TEST_CASE_METHOD(rules, "a stop asks one child after the other, the last first",
                 "[core]") {
  run_all();
  plan.stop_all({}, now);
  sv::work_slice work{now};
  CHECK_FALSE(plan.stop_members(now, work));
  CHECK_FALSE(plan.stop_members(now, work));
  CHECK(host.log() == "ask d");
  end(at("d"));
  CHECK_FALSE(plan.stop_members(now, work));
  CHECK(host.log() == "ask c");
  CHECK(plan.is_member(at("a")));
}

TEST_CASE_METHOD(rules, "a plan whose slice is spent pauses and goes on later",
                 "[core]") {
  host.slow = true;
  plan.boot(std::make_shared<std::vector<child_spec_ptr>>(
    std::vector{spec("a"), spec("b")}));
  sv::work_slice work{now};
  CHECK_FALSE(plan.start_members(now, work));
  CHECK(plan.paused());
  CHECK(host.log() == "proceed");
  host.slow = false;
  plan.resume();
  work = {now};
  CHECK(plan.start_members(now, work));
  CHECK(host.log() == "start a, start b");
  CHECK_FALSE(plan.busy());
}

TEST_CASE_METHOD(rules, "a plan waits for a start that is pending", "[core]") {
  add("a");
  add("b");
  plan.boot(nullptr);
  host.next_start = start_result::outcome::pending;
  sv::work_slice work{now};
  CHECK_FALSE(plan.start_members(now, work));
  CHECK_FALSE(plan.start_members(now, work));
  CHECK(host.log() == "start a");
  books.now_ready(at("a"), now);
  plan.start_is_over(at("a"));
  CHECK_FALSE(plan.start_members(now, work));
  CHECK(host.log() == "start b");
}

TEST_CASE_METHOD(rules, "a group holds the child and those started after it",
                 "[core]") {
  run_all();
  plan.restart_group(at("c").order);
  CHECK_FALSE(plan.is_member(at("b")));
  CHECK(plan.is_member(at("c")));
  CHECK(plan.is_member(at("d")));
}

TEST_CASE_METHOD(rules, "past the limit of a stop all members are killed",
                 "[core]") {
  run_all();
  options.stop_limit = 1s;
  plan.stop_all({}, now);
  CHECK(plan.deadline() == now + 1s);
  plan.kill_members(now + 1s);
  CHECK(host.log() == "kill a, kill b, kill c, kill d");
  CHECK(plan.deadline() == sv::no_time);
}

// -- restart ----------------------------------------------------------------------

TEST_CASE_METHOD(rules, "one restart too many stops the supervisor", "[core]") {
  run_all();
  auto& c = at("b");
  end(c);
  restart.on_end(c, sv::exit_class::abnormal, now);
  CHECK(host.log() == "start b");
  end(c);
  restart.on_end(c, sv::exit_class::abnormal, now + 1s);
  CHECK(host.log() == "down b, stop all");
}

TEST_CASE_METHOD(rules, "only a permanent child returns from a normal end",
                 "[core]") {
  for (auto type : {restart_type::transient, restart_type::temporary}) {
    auto& c = add(std::string{name_of(type)}, type);
    restart.start(c, origin::added, now);
    host.log();
    end(c);
    restart.on_end(c, sv::exit_class::normal, now);
    CHECK(host.log() == "down " + c.name);
  }
}

TEST_CASE_METHOD(rules, "a failed restart is tried again after its turn",
                 "[core]") {
  run_all();
  auto& c = at("a");
  end(c);
  host.next_start = start_result::outcome::failed;
  restart.on_end(c, sv::exit_class::abnormal, now);
  CHECK(host.log() == "start a, proceed");
  CHECK(restart.retries() == 1);
  CHECK(c.state == child_state::restarting);
  restart.retry_next(now + 10s);
  CHECK(restart.retries() == 1);
  restart.drop_retries();
  CHECK(restart.retries() == 0);
}

TEST_CASE("a group's strategy leaves the restart to the plan", "[core]") {
  rules r{with(strategy::one_for_all)};
  r.run_all();
  r.end(r.at("b"));
  r.restart.on_end(r.at("b"), sv::exit_class::abnormal, r.now);
  CHECK(r.host.log() == "restart group of b");
}

TEST_CASE_METHOD(rules, "nothing is restarted while the supervisor stops",
                 "[core]") {
  run_all();
  is_ending = true;
  end(at("b"));
  restart.on_end(at("b"), sv::exit_class::abnormal, now);
  CHECK(host.log() == "down b");
}

// -- stopping ---------------------------------------------------------------------

TEST_CASE_METHOD(rules, "a child is asked, killed at its limit, then abandoned",
                 "[core]") {
  using verdict = sv::stopping::verdict;
  run_all();
  auto& c = at("a");
  stopping.ask(c, now);
  CHECK(host.log() == "ask a");
  CHECK(c.due == now + 5s);
  CHECK(stopping.limit_is_over(c, c.due) == verdict::waits);
  CHECK(host.log() == "kill a");
  CHECK(c.due == now + 5s + 250ms);
  CHECK(stopping.limit_is_over(c, c.due) == verdict::abandoned);
}

TEST_CASE_METHOD(rules, "a thread that outlives its actor has the kill's limit",
                 "[core]") {
  struct thread : child_probe {
    std::optional<work_note> doing() const override { return std::nullopt; }
    bool can_be_killed() const override { return returned; }
    bool returned = false;
  };
  using verdict = sv::stopping::verdict;
  auto t = std::make_shared<thread>();
  host.probe = t;
  run_all();
  auto& c = at("a");
  SECTION("after a stop") {
    stopping.kill(c, now);
  }
  SECTION("after it was replaced while it was stuck") {
    c.zombie = true;
    c.kill_sent = true;
  }
  REQUIRE(stopping.leaves_thread(c, now));
  CHECK(stopping.check_thread(c, now) == verdict::waits);
  CHECK(stopping.check_thread(c, now + 250ms) == verdict::abandoned);
  t->returned = true;
  CHECK(stopping.check_thread(c, now + 1ms) == verdict::ended);
}

// -- drain ------------------------------------------------------------------------

TEST_CASE_METHOD(rules, "a drain is answered when all its children are down",
                 "[core]") {
  run_all();
  drain.begin();
  drain.request(1, {{"a", "b"}, now + 1s, false});
  drain.advance(now);
  CHECK(host.log() == "ask b");
  drain.on_down(at("b"));
  end(at("b"));
  drain.advance(now);
  CHECK(host.log() == "ask a");
  drain.advance(now + 1h);
  CHECK(host.log().empty());
  drain.on_down(at("a"));
  end(at("a"));
  drain.advance(now + 1h);
  CHECK(host.log() == "drained 1");
  CHECK(drain.idle());
}

TEST_CASE_METHOD(rules, "past the deadline of a drain all have been asked",
                 "[core]") {
  run_all();
  drain.begin();
  drain.request(1, {{}, now + 4s, false});
  drain.advance(now);
  CHECK(host.log() == "ask d");
  drain.advance(now + 4s);
  CHECK(host.log() == "ask c, ask b, ask a");
}

TEST_CASE_METHOD(rules, "a slow child uses no more than its share of a drain",
                 "[core]") {
  run_all();
  drain.begin();
  drain.request(1, {{}, now + 4s, false});
  drain.advance(now);
  CHECK(host.log() == "ask d");
  drain.advance(now + 999ms);
  CHECK(host.log().empty());
  drain.advance(now + 1s);
  CHECK(host.log() == "ask c");
}

// -- books and backlog ------------------------------------------------------------

TEST_CASE_METHOD(rules, "the books count what is there", "[core]") {
  run_all();
  CHECK(books.counts() == child_counts{4, 4, 0, 4});
  end(at("b"));
  CHECK(books.counts() == child_counts{4, 3, 0, 4});
  auto& z = books.move_aside(at("c"));
  CHECK(z.name == "c~1");
  CHECK(books.counts() == child_counts{4, 2, 0, 4});
  books.remove(at("b"));
  CHECK(books.counts() == child_counts{3, 2, 0, 3});
}

TEST_CASE_METHOD(rules, "a limit counts only while its child still has it",
                 "[core]") {
  run_all();
  books.set_due(at("a"), now + 1s);
  books.set_due(at("b"), now + 2s);
  books.set_due(at("a"), now + 3s);
  CHECK(books.next_due() == now + 2s);
  CHECK(books.take_due(now + 1s) == nullptr);
  CHECK(books.take_due(now + 2s) == &at("b"));
  CHECK(books.next_due() == now + 3s);
}

TEST_CASE("a backlog keeps requests for a child until it is down", "[core]") {
  sv::backlog waiting;
  std::string order;
  waiting.after_stop(7, [&](time_point) { order += "b"; });
  waiting.defer([&](time_point) { order += "a"; });
  waiting.on_down(6);
  waiting.run_all({});
  CHECK(order == "a");
  waiting.on_down(7);
  waiting.run_next({});
  CHECK(order == "ab");
  CHECK(waiting.empty());
}

TEST_CASE("a simple supervisor knows the names that it gave", "[core]") {
  sv::numbered_names names;
  CHECK(names.next() == "i1");
  CHECK(names.next() == "i2");
  names.take_back();
  CHECK(names.knows("i1"));
  for (auto unknown : {"i2", "i0", "i01", "i", "x1", "i1x"})
    CHECK_FALSE(names.knows(unknown));
}
