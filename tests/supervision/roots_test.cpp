#include "support.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/supervision/ask.hpp>
#include <hololoom/actors/supervision/cascade/end_within.hpp>

#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <chrono>
#include <future>
#include <thread>

// Whole trees, on real threads.

using namespace hololoom;
using namespace std::chrono_literals;

namespace {

child idle(std::string name) {
  return {std::move(name), [](caf::actor_system& s) {
            return s.spawn([](caf::event_based_actor*) {
              return caf::behavior{[](int x) {
                return x;
              }};
            });
          }};
}

struct real_system {
  caf::actor_system_config config;
  caf::actor_system system{config};
};

void end(const supervisor_actor& root, caf::actor_system& system) {
  caf::scoped_actor self{system};
  self->monitor(root);
  exit_high(root, caf::exit_reason::user_shutdown);
  self->receive([](const caf::down_msg&) {});
}

} // namespace

TEST_CASE_METHOD(real_system,
                 "a second root of a name in a directory is refused") {
  supervisor_options options;
  options.names = std::make_shared<directory>();
  auto first = start_supervisor(system, options, {idle("a")});
  REQUIRE(first);
  auto second = start_supervisor(system, options, {idle("b")});
  REQUIRE(!second);
  CHECK(is(second.error(), errc::already_started));
  CHECK(explain(second.error())
        == "a supervisor called 'root' runs already in this directory; end it "
           "first, or give this one another name or a directory of its own");
  // The first has its name still, and its children.
  CHECK(options.names->find("root/a"));
  CHECK(options.names->snapshot("root").children.size() == 2);
  auto other = options;
  other.name = "other";
  auto third = start_supervisor(system, other, {});
  REQUIRE(third);
  end(*third, system);
  end(*first, system);
  // Its name is free by the time that its end is known.
  auto again = start_supervisor(system, options, {});
  REQUIRE(again);
  end(*again, system);
}

TEST_CASE_METHOD(real_system, "a killed root and one that failed free their "
                              "name") {
  supervisor_options options;
  options.names = std::make_shared<directory>();
  auto failing = child("a", [](caf::actor_system&) {
    return caf::expected<caf::actor>{failure(errc::io_error, "no disk")};
  });
  auto failed = start_supervisor(system, options, {failing});
  REQUIRE(!failed);
  CHECK(is(failed.error(), errc::start_failed));
  auto root = start_supervisor(system, options, {});
  REQUIRE(root);
  {
    caf::scoped_actor self{system};
    self->monitor(*root);
    exit_high(*root, caf::exit_reason::kill);
    self->receive([](const caf::down_msg&) {});
  }
  auto again = start_supervisor(system, options, {});
  REQUIRE(again);
  end(*again, system);
}

TEST_CASE_METHOD(real_system,
                 "of two roots started at the same time one wins") {
  for (auto round = 0; round < 50; ++round) {
    supervisor_options options;
    options.names = std::make_shared<directory>();
    auto start = [&] {
      return std::async(std::launch::async, [&] {
        return start_supervisor(system, options, {idle("a")});
      });
    };
    auto futures = std::array{start(), start(), start()};
    std::vector<supervisor_actor> won;
    for (auto& f : futures) {
      if (auto x = f.get())
        won.push_back(*x);
      else
        CHECK(is(x.error(), errc::already_started));
    }
    CHECK(won.size() == 1);
    for (const auto& x : won)
      end(x, system);
  }
}

TEST_CASE_METHOD(real_system, "ask_and_wait knows what is answered") {
  auto root = start_supervisor(system, {}, {idle("a")});
  REQUIRE(root);
  auto counts = ask_and_wait(system, *root, 10s, count_children{});
  static_assert(std::is_same_v<decltype(counts), caf::expected<child_counts>>);
  REQUIRE(counts);
  CHECK(counts->active == 1);
  end(*root, system);
}

TEST_CASE_METHOD(real_system, "a whole tree ends within a limit, by one call") {
  auto stubborn = child("stubborn", [](caf::actor_system& s) {
    return s.spawn([](caf::event_based_actor* self) {
      self->set_exit_handler([](const caf::exit_msg&) {});
      return caf::behavior{[](int x) {
        return x;
      }};
    });
  });
  supervisor_options inner;
  inner.name = "inner";
  auto root = start_supervisor(
    system, {}, {idle("a"), supervisor_child(inner, {stubborn, idle("b")})});
  REQUIRE(root);
  auto before = std::chrono::steady_clock::now();
  auto report = end_within(*root, 400ms);
  auto took = std::chrono::steady_clock::now() - before;
  REQUIRE(report);
  // As a limit it is kept to the moment; here others use the cores, too.
  CHECK(took < 5s);
  auto how = [&](const std::string& path) {
    for (const auto& c : report->children)
      if (c.name == path)
        return std::string{name_of(c.how)};
    return std::string{"not listed"};
  };
  CHECK(how("root/a") == "shutdown");
  CHECK(how("root/inner/b") == "shutdown");
  CHECK(how("root/inner/stubborn") == "killed");
  CHECK(report->abandoned.empty());
  caf::scoped_actor self{system};
  self->monitor(*root);
  self->receive([](const caf::down_msg&) {});
}

TEST_CASE_METHOD(real_system, "end_within refuses what it cannot end") {
  auto root = start_supervisor(system, {}, {});
  REQUIRE(root);
  auto no_time = end_within(*root, 0ms);
  REQUIRE(!no_time);
  CHECK(is(no_time.error(), errc::invalid_spec));
  CHECK(is(end_within({}, 1s).error(), errc::invalid_spec));
  CHECK(end_within(*root, 5s));
}
