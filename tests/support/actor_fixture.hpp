#pragma once

#include <hololoom/messages/caf/compat.hpp>
#include <hololoom/messages/caf/virtual_time.hpp>
#include <hololoom/messages/errc.hpp>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace hololoom::test {

/// An answer that may still be on its way.
template <class T>
class pending_answer {
public:
  bool ready() const { return slot_->has_value(); }

  /// The answer; `errc::timed_out` while there is none.
  caf::expected<T> get() const {
    if (ready())
      return **slot_;
    return failure(errc::timed_out, "there is no answer yet");
  }

  std::shared_ptr<std::optional<caf::expected<T>>> slot_ =
    std::make_shared<std::optional<caf::expected<T>>>();
};

/// Actors on the virtual clock. They run only inside `run`, `advance` and
/// `ask`, on the thread of the test; the fixture kills all that were spawned or
/// tracked at the end. Detached actors run outside of it: do not use them here.
///
/// ~~~
/// TEST_CASE_METHOD(actor_fixture, "a pulse beats every second") {
///   auto pulse = spawn<pulse_state, caf::actor>();
///   advance(1s);
///   CHECK(*ask<int>(pulse, beats_query{}) == 1);
/// }
/// ~~~
class actor_fixture {
public:
  using clock_type = caf::actor_clock::clock_type;

  actor_fixture()
    : system_(std::make_unique<caf::actor_system>(config_)),
      scheduler(virtual_scheduler_of(*system_)),
      system(*system_) {}

  virtual ~actor_fixture() {
    run();
    for (auto& x : tracked_)
      if (auto strong = caf::actor_cast<caf::strong_actor_ptr>(x))
        caf::anon_send_exit(caf::actor_cast<caf::actor>(strong),
                            caf::exit_reason::kill);
    run();
  }

  actor_fixture(const actor_fixture&) = delete;
  actor_fixture& operator=(const actor_fixture&) = delete;

  /// Spawns an actor whose behaviour is the class `State`.
  template <class State, class Handle, class... Ts>
  Handle spawn(Ts&&... xs) {
    return track(spawn_state<State, Handle>(system, std::forward<Ts>(xs)...));
  }

  /// Kills `x` at the end of the test, if it still runs.
  template <class Handle>
  Handle track(Handle x) {
    tracked_.push_back(caf::actor_cast<caf::actor_addr>(x));
    return x;
  }

  /// Lets all actors handle all messages; time stands still.
  void run() { scheduler.run(); }

  /// Lets `d` pass: each timer fires at its own moment, and its consequences
  /// are handled before the next.
  template <class Rep, class Period>
  void advance(std::chrono::duration<Rep, Period> d) {
    run();
    auto& clock = scheduler.clock();
    auto end =
      clock.now() + std::chrono::duration_cast<clock_type::duration>(d);
    while (fire_next_timer(scheduler, end))
      run();
    clock.advance_time(end - clock.now());
    run();
  }

  /// The virtual time.
  clock_type::time_point now() { return scheduler.clock().now(); }

  /// Asks `x` and runs until no message is left. An answer that takes time
  /// arrives during a later `advance`.
  template <class T, class Handle, class... Ts>
  pending_answer<T> begin_ask(const Handle& x, Ts&&... xs) {
    pending_answer<T> result;
    auto asker = system.spawn(
      [slot = result.slot_, x, args = std::make_tuple(std::forward<Ts>(xs)...)](
        caf::event_based_actor* self) {
        std::apply(
          [&](const auto&... ys) {
            self->request(x, caf::infinite, ys...)
              .then([slot](const T& y) { *slot = caf::expected<T>{y}; },
                    [slot](caf::error& e) {
                      *slot = caf::expected<T>{std::move(e)};
                    });
          },
          args);
      });
    track(asker);
    run();
    return result;
  }

  /// Asks `x` and returns its answer, without time passing; `errc::timed_out`
  /// if there is none.
  template <class T, class Handle, class... Ts>
  caf::expected<T> ask(const Handle& x, Ts&&... xs) {
    return begin_ask<T>(x, std::forward<Ts>(xs)...).get();
  }

  /// Sends `xs` to `x` and runs until no message is left.
  template <class Handle, class... Ts>
  void tell(const Handle& x, Ts&&... xs) {
    caf::anon_send(x, std::forward<Ts>(xs)...);
    run();
  }

private:
  virtual_config config_;
  std::unique_ptr<caf::actor_system> system_;
  std::vector<caf::actor_addr> tracked_;

public:
  virtual_scheduler& scheduler;
  caf::actor_system& system;
};

} // namespace hololoom::test
