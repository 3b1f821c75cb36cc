#include "support/actor_fixture.hpp"
#include "support/catch.hpp"

using namespace hololoom;
using namespace std::chrono_literals;

namespace {

struct counter {
  explicit counter(caf::event_based_actor* me) : self(me) {}
  caf::behavior make_behavior() {
    self->delayed_send(self, 100ms, 1);
    return {[this](int x) {
              sum += x;
              self->delayed_send(self, 100ms, 1);
            },
            [this](caf::get_atom) { return sum; },
            [this](caf::put_atom) {
              promise = self->make_response_promise();
            }};
  }
  caf::event_based_actor* self;
  caf::response_promise promise;
  int sum = 0;
};

} // namespace

TEST_CASE_METHOD(test::actor_fixture,
                 "virtual time fires each timer when due") {
  auto hdl = spawn<counter, caf::actor>();
  advance(99ms);
  CHECK(*ask<int>(hdl, caf::get_atom{}) == 0);
  advance(1ms);
  CHECK(*ask<int>(hdl, caf::get_atom{}) == 1);
  advance(1s);
  CHECK(*ask<int>(hdl, caf::get_atom{}) == 11);
}

TEST_CASE_METHOD(test::actor_fixture, "a missing answer is an error") {
  auto hdl = spawn<counter, caf::actor>();
  auto answer = ask<int>(hdl, caf::put_atom{});
  REQUIRE(!answer);
  CHECK(is(answer.error(), errc::timed_out));
}
