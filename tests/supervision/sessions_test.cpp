#include "support.hpp"
#include "support/catch.hpp"

// A pool of sessions: children that come and go, each for something of its own.

using namespace hololoom;
using namespace hololoom::test;

namespace {

struct session {
  std::string user;
};

class sessions_fixture : public supervision_fixture {
public:
  sessions_fixture() {
    options.name = "sessions";
    options.strategy = strategy::simple_one_for_one;
    options.intensity = 10;
    one.name = "session";
    one.start = [this](const start_context& ctx) {
      auto x = ctx.argument_as<session>();
      users.push_back(x ? x->user : "nobody");
      CHECK(!ctx.argument_as<int>());
      return start_result::started(make(ctx));
    };
  }

  supervisor_options options;
  child_spec one;
  strings users;
};

} // namespace

TEST_CASE_METHOD(sessions_fixture,
                 "each incarnation of a session has the argument it began "
                 "with") {
  auto sup = supervise(options, {one});
  CHECK(ask<child_started>(sup, start_child::with(session{"ada"}))->name
        == "i1");
  CHECK(ask<child_started>(sup, start_child::with(session{"bob"})));
  CHECK(ask<child_started>(sup, start_child{}));
  end("i1");
  end("i2");
  CHECK(users == strings{"ada", "bob", "nobody", "ada", "bob"});
}

TEST_CASE_METHOD(sessions_fixture,
                 "no more sessions run than max_children allows") {
  options.max_children = 2;
  one.restart = restart_type::temporary;
  auto sup = supervise(options, {one});
  auto add = [&] {
    auto x = ask<child_started>(sup, start_child{});
    return x ? errc::none : code_of(x.error());
  };
  CHECK(add() == errc::none);
  CHECK(add() == errc::none);
  auto refused = ask<child_started>(sup, start_child{});
  REQUIRE(!refused);
  CHECK(explain(refused.error())
        == "sessions has 2 children, and its max_children allows no more");
  CHECK(code_of(refused.error()) == errc::overloaded);
  end("i1");
  CHECK(add() == errc::none);
  CHECK(add() == errc::overloaded);
}

TEST_CASE_METHOD(supervision_fixture,
                 "max_children holds for children with specs of their own") {
  supervisor_options options;
  options.max_children = 2;
  auto sup = supervise(options, {worker("a"), worker("b")});
  CHECK(start_error(sup, worker("c")) == errc::overloaded);
  // The name comes first.
  CHECK(start_error(sup, worker("a")) == errc::already_started);
  REQUIRE(ask<acknowledged>(sup, terminate_child{"a"}));
  REQUIRE(ask<child_started>(sup, restart_child{"a"}));
  REQUIRE(ask<acknowledged>(sup, terminate_child{"a"}));
  REQUIRE(ask<acknowledged>(sup, delete_child{"a"}));
  CHECK(start_error(sup, worker("c")) == errc::none);
}

TEST_CASE_METHOD(supervision_fixture, "a child is one line") {
  auto idle = [](caf::event_based_actor*) {
    return caf::behavior{[](int x) {
      return x;
    }};
  };
  auto spawn = [idle](caf::actor_system& s) {
    return s.spawn(idle);
  };
  auto sup = supervise({}, {child("a", spawn).backoff({.min = 1s, .max = 2s}),
                            child("b", [&](const start_context& ctx) {
                              return make(ctx);
                            }).restart(restart_type::temporary)});
  auto a = ask<known_spec>(sup, get_childspec{"a"});
  REQUIRE(a);
  CHECK(a->spec->backoff.max == 2s);
  CHECK(a->spec->restart == restart_type::permanent);
  CHECK(states(sup) == "a:running b:running");
  // By value, as it is wherever a spec is taken.
  REQUIRE(ask<child_started>(sup, start_child{child("c", spawn)}));
  auto failing = ask<child_started>(
    sup, start_child{child("d", [](caf::actor_system&) {
      return caf::expected<caf::actor>{failure(errc::io_error, "no disk")};
    })});
  REQUIRE(!failing);
  CHECK(explain(failing.error()) == "child 'd' of root did not start: no disk");
  CHECK(states(sup) == "a:running b:running c:running");
}
