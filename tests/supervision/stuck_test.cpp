#include "support.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/supervision/ask.hpp>
#include <hololoom/actors/supervision/cascade.hpp>
#include <hololoom/messages/caf/actor_system.hpp>
#include <hololoom/messages/caf/local_message.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

// On real threads: a handler that does not return is none on a virtual clock.

using namespace hololoom;
using namespace hololoom::test;

namespace {

struct gate {
  void wait() {
    std::unique_lock guard{mutex};
    changed.wait(guard, [this] { return open; });
  }
  void release() {
    std::lock_guard guard{mutex};
    open = true;
    changed.notify_all();
  }
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
};

struct block {
  std::shared_ptr<gate> on;
};

/// An actor whose handler can be made to hang; shows what it is doing.
struct shown {
  explicit shown(caf::event_based_actor* me) : self(me) {}
  caf::behavior make_behavior() {
    return {[](const block& x) { x.on->wait(); },
            [](int x) {
              return x;
            }};
  }
  caf::event_based_actor* self;
};

/// The same as a plain CAF actor, which shows nothing.
caf::behavior plain(caf::event_based_actor*) {
  return {[](const block& x) { x.on->wait(); },
          [](int x) {
            return x;
          }};
}

/// Collects events on a real system, and waits for one.
class watcher {
public:
  explicit watcher(event_bus& bus) {
    bus.observe([this](const lifecycle_event& e) {
      std::lock_guard guard{mutex_};
      events_.push_back(e);
      changed_.notify_all();
    });
  }

  std::optional<lifecycle_event> wait_for(transition what) {
    std::unique_lock guard{mutex_};
    std::optional<lifecycle_event> result;
    changed_.wait_for(guard, 10s, [&] {
      for (const auto& e : events_)
        if (e.what == what)
          result = e;
      return result.has_value();
    });
    return result;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<lifecycle_event> events_;
};

struct real_config : caf::actor_system_config {
  real_config() {
    register_types(*this);
    set_threads(*this, 4);
  }
};

struct real_tree {
  explicit real_tree(bool shows, bool replace,
                     std::vector<child_spec> others = {})
    : events(std::make_shared<event_bus>()), seen(*events) {
    child_spec spec;
    spec.name = "a";
    spec.stuck = {100ms, replace};
    spec.shutdown = shutdown_policy::within(100ms);
    spec.start = [shows](const start_context& ctx) {
      return shows ? start_result::started(
               spawn_state<shown, caf::actor>(*ctx.system))
                   : start_result::started(ctx.system->spawn(plain));
    };
    supervisor_options options;
    options.intensity = 10;
    options.names = names;
    options.events = events;
    options.detached = true;
    // While others are restarted, it is busy.
    options.strategy = strategy::rest_for_one;
    others.insert(others.begin(), std::move(spec));
    root = *start_supervisor(system, options, std::move(others));
  }

  ~real_tree() {
    on->release();
    exit_high(root, caf::exit_reason::user_shutdown);
  }

  tree_snapshot snapshot() { return names->snapshot("root"); }

  std::shared_ptr<directory> names = std::make_shared<directory>();
  std::shared_ptr<event_bus> events;
  watcher seen;
  std::shared_ptr<gate> on = std::make_shared<gate>();
  real_config config;
  caf::actor_system system{config};
  supervisor_actor root;
};

} // namespace

HOLOLOOM_LOCAL_MESSAGE(2003, block)

TEST_CASE(
  "a stuck handler is noticed, named, and noticed again when it returns") {
  for (auto shows : {true, false}) {
    real_tree t{shows, false};
    auto began = std::chrono::steady_clock::now();
    caf::anon_send(*t.names->get("a"), block{t.on});
    auto event = t.seen.wait_for(transition::stuck);
    auto took = std::chrono::steady_clock::now() - began;
    REQUIRE(event);
    CHECK(event->path == "root/a");
    CHECK(took >= 100ms);
    CHECK(took < 1100ms);
    if (shows)
      CHECK(event->reason.find("block") != std::string::npos);
    else
      CHECK(event->reason.find("a handler of this") != std::string::npos);
    auto tree = t.snapshot();
    CHECK(tree.children[1].state == child_state::stuck);
    t.on->release();
    CHECK(t.seen.wait_for(transition::recovered));
  }
}

TEST_CASE("a stuck child is replaced where its spec says so") {
  real_tree t{true, true};
  auto first = *t.names->get("a");
  caf::anon_send(first, block{t.on});
  auto event = t.seen.wait_for(transition::replaced);
  REQUIRE(event);
  CHECK(event->incarnation == 2);
  auto second = t.names->get("a");
  REQUIRE(second);
  CHECK(*second != first);
  auto answer = ask_and_wait<int>(t.system, *second, 5s, 42);
  REQUIRE(answer);
  CHECK(*answer == 42);
  // The stuck one is still there for everybody to see.
  auto tree = t.snapshot();
  REQUIRE(tree.children.size() == 3);
  CHECK(tree.children[2].path == "root/a~1");
  CHECK(tree.children[2].state == child_state::stuck);
  REQUIRE(tree.children[2].doing);
  CHECK(tree.children[2].doing->find("block") != std::string::npos);
}

TEST_CASE("a child that is stuck while its group is restarted is replaced "
          "once that is over") {
  auto restarted = std::make_shared<std::promise<start_context>>();
  auto starts = std::make_shared<std::atomic<int>>(0);
  child_spec slow;
  slow.name = "slow";
  slow.start = [=](const start_context& ctx) {
    auto actor = ctx.system->spawn(plain);
    if (++*starts == 1)
      return start_result::started(actor);
    restarted->set_value(ctx);
    return start_result::pending(actor);
  };
  real_tree t{true, true, {slow}};
  exit_high(*t.names->get("slow"), caf::exit_reason::kill);
  auto ctx = restarted->get_future().get();
  caf::anon_send(*t.names->get("a"), block{t.on});
  REQUIRE(t.seen.wait_for(transition::stuck));
  ctx.ready();
  auto event = t.seen.wait_for(transition::replaced);
  REQUIRE(event);
  CHECK(event->path == "root/a");
}

TEST_CASE("exits overtake a backlog") {
  real_config config;
  caf::actor_system system{config};
  auto slow = system.spawn([](caf::event_based_actor*) {
    return caf::behavior{[](int) {
      std::this_thread::sleep_for(1ms);
    }};
  });
  for (auto i = 0; i < 5000; ++i)
    caf::anon_send(slow, i);
  std::promise<void> down;
  slow->attach_functor([&](const caf::error&) { down.set_value(); });
  auto began = std::chrono::steady_clock::now();
  exit_high(slow, caf::exit_reason::kill);
  REQUIRE(down.get_future().wait_for(10s) == std::future_status::ready);
  CHECK(std::chrono::steady_clock::now() - began < 1s);
}

TEST_CASE(
  "a stuck actor is abandoned with what it was doing, and the rest goes on") {
  real_tree t{true, false};
  caf::anon_send(*t.names->get("a"), block{t.on});
  REQUIRE(t.seen.wait_for(transition::stuck));
  cascade_plan plan;
  plan.root = t.root;
  plan.names = t.names;
  plan.limits.grace = millis{200};
  auto cascade = spawn_cascade(t.system, std::move(plan));
  auto report = ask_and_wait<shutdown_report>(t.system, cascade, 10s,
                                              begin_cascade{"test", "me"});
  exit_high(cascade, caf::exit_reason::user_shutdown);
  REQUIRE(report);
  CHECK(report->abandoned == std::vector<std::string>{"root/a"});
  auto a = std::find_if(report->children.begin(), report->children.end(),
                        [](const auto& x) { return x.name == "root/a"; });
  REQUIRE(a != report->children.end());
  CHECK(a->how == ended::abandoned);
  CHECK(a->forced);
  REQUIRE(a->doing);
  CHECK(a->doing->find("handling") == 0);
}
