#include "runtime/looms.hpp"
#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <hololoom/runtime/loom.hpp>

#include <atomic>
#include <future>
#include <limits>
#include <mutex>
#include <pthread.h>
#include <string>
#include <vector>

// Functions of the user's that run while a loom closes.

using namespace hololoom;
using namespace std::chrono_literals;
using namespace hololoom::test;

namespace {

const shutdown_phase* line_of(const shutdown_report& report,
                              const std::string& name) {
  for (const auto& x : report.phases)
    if (x.name == name)
      return &x;
  return nullptr;
}

/// Notes who was called, in order.
class calls {
public:
  std::function<void()> noting(const std::string& name) {
    return [this, name] {
      std::lock_guard lock{mutex_};
      names_.push_back(name);
    };
  }
  std::vector<std::string> names() {
    std::lock_guard lock{mutex_};
    return names_;
  }

private:
  std::mutex mutex_;
  std::vector<std::string> names_;
};

} // namespace

TEST_CASE("a hook may close the loom it belongs to") {
  auto x = open();
  std::promise<std::string> reason;
  REQUIRE(!x.at_shutdown(cascade_phase::flush, "closes", 10s,
                         [&] { reason.set_value(x.close("again").reason); }));
  auto report = x.close("first");
  CHECK(report.exit_code == 0);
  CHECK(report.total < millis{2'000});
  CHECK(report.abandoned.empty());
  REQUIRE(line_of(report, "hook: closes"));
  CHECK_FALSE(line_of(report, "hook: closes")->error);
  CHECK(reason.get_future().get() == "first");
}

TEST_CASE("a hook may add others to later phases, and may throw anything") {
  auto x = open();
  std::promise<caf::error> same;
  std::promise<caf::error> later;
  REQUIRE(!x.at_shutdown(cascade_phase::signal, "adds", 10s, [&] {
    same.set_value(x.at_shutdown(cascade_phase::signal, "late", 1s, [] {}));
    later.set_value(x.at_shutdown(cascade_phase::stores, "more", 1s, [] {}));
  }));
  REQUIRE(
    !x.at_shutdown(cascade_phase::signal, "throws", 10s, [] { throw 42; }));
  auto report = x.close();
  CHECK(report.exit_code == 0);
  CHECK(is(same.get_future().get(), errc::shutting_down));
  CHECK_FALSE(line_of(report, "hook: late"));
  CHECK(!later.get_future().get());
  REQUIRE(line_of(report, "hook: more"));
  CHECK_FALSE(line_of(report, "hook: more")->error);
  REQUIRE(line_of(report, "hook: throws"));
  CHECK(line_of(report, "hook: throws")->error);
}

TEST_CASE("a hook that cannot be right is refused, with the reason") {
  auto x = open();
  auto nothing_to_do = [] {
  };
  shutdown_hook hook{cascade_phase::flush, "mine", 1s, nothing_to_do};
  REQUIRE(!x.at_shutdown(hook));
  auto code = errc::invalid_spec;
  std::string why;
  SECTION("a name that is taken") {
    code = errc::already_present;
    why = "another hook has that name";
  }
  hook.name = code == errc::invalid_spec ? "other" : hook.name;
  SECTION("no name") {
    hook.name.clear();
    why = "its name is empty";
  }
  SECTION("no phase of the cascade") {
    hook.phase = static_cast<cascade_phase>(77);
    why = "its phase is none of the cascade's";
  }
  SECTION("no function") {
    hook.run = nullptr;
    why = "its function is empty";
  }
  SECTION("no time") {
    auto limit = GENERATE(0., -1., std::numeric_limits<double>::quiet_NaN());
    hook.limit = millis{limit};
    why = "its limit is not above zero";
  }
  SECTION("after one that is not there") {
    hook.after = {"nobody"};
    why = "it comes after \"nobody\", which is no hook of its phase so far";
  }
  SECTION("after one of another phase") {
    hook.phase = cascade_phase::stores;
    hook.after = {"mine"};
    why = "it comes after \"mine\", which is no hook of its phase so far";
  }
  auto err = x.at_shutdown(hook);
  CHECK(is(err, code));
  CHECK(explain(err)
        == "cannot add the shutdown hook \"" + hook.name + "\": " + why);
}

TEST_CASE("a hook that was cancelled does not run") {
  auto x = open();
  calls made;
  REQUIRE(!x.at_shutdown(cascade_phase::flush, "a", 1s, made.noting("a")));
  REQUIRE(
    !x.at_shutdown({cascade_phase::flush, "b", 1s, made.noting("b"), {"a"}}));
  CHECK(!x.cancel_at_shutdown("a"));
  CHECK(is(x.cancel_at_shutdown("a"), errc::not_found));
  auto report = x.close();
  // Who comes after it need not wait for it.
  CHECK(made.names() == std::vector<std::string>{"b"});
  CHECK_FALSE(line_of(report, "hook: a"));
}

TEST_CASE("hooks of a phase run in the order that they ask for") {
  auto x = open();
  calls made;
  auto hook = [&](const std::string& name, std::vector<std::string> after) {
    REQUIRE(!x.at_shutdown(
      {cascade_phase::signal, name, 10s, made.noting(name), std::move(after)}));
  };
  hook("1", {});
  hook("2", {"1"});
  hook("3", {"1", "2"});
  SECTION("even if one of them throws") {
    REQUIRE(!x.at_shutdown(
      {cascade_phase::signal, "3a", 10s, [] { throw 1; }, {"3"}}));
    hook("4", {"3a"});
  }
  SECTION("even if one of them does not return") {
    std::promise<void> never;
    REQUIRE(
      !x.at_shutdown({cascade_phase::signal,
                      "3a",
                      10ms,
                      [wait = never.get_future().share()] { wait.wait(); },
                      {"3"}}));
    hook("4", {"3a"});
    CHECK(x.close().abandoned == std::vector<std::string>{"hook: 3a"});
    CHECK(made.names() == std::vector<std::string>{"1", "2", "3", "4"});
    never.set_value();
    return;
  }
  hook("5", {"4"});
  CHECK(x.close().exit_code == 0);
  CHECK(made.names() == std::vector<std::string>{"1", "2", "3", "4", "5"});
}

TEST_CASE("hurry lets a hook go") {
  auto x = open();
  std::promise<void> inside;
  std::promise<void> never;
  REQUIRE(!x.at_shutdown(cascade_phase::signal, "slow", 10min,
                         [&, wait = never.get_future().share()] {
                           inside.set_value();
                           wait.wait();
                         }));
  auto closing = x.close_async();
  inside.get_future().wait();
  x.hurry();
  REQUIRE(closing.wait_for(10s) == std::future_status::ready);
  CHECK(closing.get().abandoned == std::vector<std::string>{"hook: slow"});
  never.set_value();
}

TEST_CASE_METHOD(scratch, "a hook of the first phase has the last word") {
  auto spoke = std::make_shared<std::promise<std::string>>();
  {
    auto x = open_in(path);
    REQUIRE(x.spawn_background(background::coroutine("w", sleep_for_ever)));
    REQUIRE(!x.at_shutdown(cascade_phase::refuse, "last words", 20s, [&] {
      std::string problems;
      auto check = [&](const std::string& what, const caf::error& err) {
        if (err)
          problems += what + ": " + explain(err) + "\n";
      };
      shard said;
      said.id = "last";
      said.text = "The last words of a loom are remembered.";
      auto kept = x.remember({said});
      check("remember", kept ? caf::error{} : kept.error());
      auto woven = x.weave_and_reflect("what is 6 * 7", {.helpful = true});
      check("weave", woven ? caf::error{} : woven.error());
      check("stop", x.stop_background("w"));
      // Not on another thread: that is no last word.
      auto other =
        std::async(std::launch::async, [&] { return x.weave("2 + 2"); }).get();
      if (other || !is(other.error(), errc::shutting_down))
        problems += "another thread was let in\n";
      spoke->set_value(problems);
    }));
    auto refused = std::make_shared<std::promise<caf::error>>();
    REQUIRE(
      !x.at_shutdown(cascade_phase::signal, "too late", 20s, [&x, refused] {
        refused->set_value(x.weave("2 + 2").error());
      }));
    CHECK(x.close().exit_code == 0);
    CHECK(spoke->get_future().get() == "");
    CHECK(is(refused->get_future().get(), errc::shutting_down));
  }
  auto again = open_in(path);
  CHECK(again.reflection_metrics()->total_cycles == 1);
}

TEST_CASE("a hook or a subscriber that ends its thread ends nothing else") {
  auto x = open();
  REQUIRE(!x.at_shutdown(cascade_phase::signal, "exits", 10s,
                         [] { ::pthread_exit(nullptr); }));
  x.subscribe([](const auto&) { ::pthread_exit(nullptr); });
  auto report = x.close();
  CHECK(report.exit_code == 0);
  CHECK(report.total < millis{2'000});
  REQUIRE(line_of(report, "hook: exits"));
  CHECK(line_of(report, "hook: exits")->error
        == std::string{"it ended its thread"});
}
