#pragma once

#include "real_fixture.hpp"

#include <hololoom/actors/supervision/ask.hpp>
#include <hololoom/actors/supervision/cascade.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace hololoom::test {

using namespace std::chrono_literals;

/// Background workers under the supervisor that they are made for, in real
/// time.
struct supervised_fixture : real_fixture {
  supervised_fixture() {
    events->observe([this](const lifecycle_event& x) {
      std::lock_guard guard{mutex};
      seen.push_back(x);
      changed.notify_all();
    });
    supervisor_options options;
    options.name = "workers";
    options.intensity = 1000;
    options.stop_order = stop_order::parallel;
    options.kill_wait = 50ms;
    options.detached = true;
    options.events = events;
    options.names = names;
    supervisor = *start_supervisor(system, options, {});
  }

  ~supervised_fixture() {
    before_end();
    exit_high(supervisor, caf::exit_reason::user_shutdown);
    caf::scoped_actor self{system};
    self->monitor(supervisor);
    self->receive([](caf::down_msg&) {}, caf::after(10s) >> [] {});
    supervisor = nullptr;
  }

  template <class T, class... Ts>
  caf::expected<T> ask(Ts... xs) {
    caf::scoped_actor self{system};
    caf::expected<T> result = caf::sec::runtime_error;
    self->request(supervisor, 10s, std::move(xs)...)
      .receive([&](T& x) { result = std::move(x); },
               [&](caf::error& e) { result = std::move(e); });
    return result;
  }

  caf::error begin(background work) {
    auto r = ask<child_started>(start_child{
      std::make_shared<child_spec>(to_child_spec(std::move(work)))});
    return r ? caf::error{} : r.error();
  }

  caf::error end(std::string name) {
    auto r = ask<acknowledged>(terminate_child{std::move(name)});
    return r ? caf::error{} : r.error();
  }

  /// Ends all by a cascade.
  caf::expected<shutdown_report> close(millis grace) {
    cascade_plan plan;
    plan.root = supervisor;
    plan.names = names;
    plan.path = "workers";
    plan.limits.grace = grace;
    auto cascade = spawn_cascade(system, std::move(plan));
    auto report = ask_and_wait<shutdown_report>(system, cascade, 10s,
                                                begin_cascade{"test", "me"});
    exit_high(cascade, caf::exit_reason::user_shutdown);
    return report;
  }

  /// The first event of that kind, for `incarnation` if that is not 0, ten
  /// seconds waited for.
  std::optional<lifecycle_event> wait_for(transition what,
                                          std::int64_t incarnation = 0) {
    std::optional<lifecycle_event> result;
    std::unique_lock guard{mutex};
    changed.wait_for(guard, 10s, [&] {
      for (const auto& x : seen)
        if (!result && x.what == what
            && (incarnation == 0 || x.incarnation == incarnation))
          result = x;
      return result.has_value();
    });
    return result;
  }

  /// "path: reason" of the first event of that kind.
  std::string reason_of(transition what) {
    auto event = wait_for(what);
    CHECK(event);
    return event ? event->path + ": " + event->reason : "";
  }

  std::function<void()> before_end = [] {
  };
  std::shared_ptr<directory> names = std::make_shared<directory>();
  std::shared_ptr<event_bus> events = std::make_shared<event_bus>();
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<lifecycle_event> seen;
  supervisor_actor supervisor;
};

} // namespace hololoom::test
