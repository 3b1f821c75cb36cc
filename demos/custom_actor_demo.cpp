// The sample shows:
//   1. your own CAF actor as a supervised child of a loom;
//   2. your own coroutine, which talks to the actor by name;
//   3. the actor's crash: the request under way fails at once, and the
//      supervisor restarts the actor;
//   4. that the name then finds the new incarnation, and the lifecycle events
//   of
//      all this;
//   5. both ended by the cascade.
// It checks its claims, and ends with 1 if one is false.

#include "claims.hpp"

#include <hololoom/actors/supervision/protocol.hpp>
#include <hololoom/messages/caf/local_message.hpp>
#include <hololoom/runtime/loom.hpp>

#include <caf/event_based_actor.hpp>

#include <chrono>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using hololoom::background;

namespace {

// -- your own actor -----------------------------------------------------------

struct reading {
  double celsius = 0;
};

} // namespace

// It never leaves this process.
HOLOLOOM_LOCAL_MESSAGE(2000, reading)

namespace {

/// Answers the mean of all readings so far. An impossible reading crashes it.
caf::behavior thermometer(caf::event_based_actor*) {
  return {[sum = 0.0, count = 0](const reading& x) mutable {
    if (x.celsius < -273.15)
      throw std::invalid_argument{"below absolute zero"};
    sum += x.celsius;
    return sum / ++count;
  }};
}

// -- your own coroutine -------------------------------------------------------

struct outcome {
  int answered = 0;
  int failed = 0;
  double last_mean = 0;
};

/// Sends ten readings, of which the fifth is impossible.
hololoom::task sampler(hololoom::task_context ctx,
                       std::promise<outcome>& done) {
  outcome result;
  // A handle that stays good when the thermometer is restarted.
  auto meter = ctx.find("thermometer").value();
  for (int i = 1; i <= 10; ++i) {
    auto celsius = i == 5 ? -400.0 : 20.0 + i;
    auto mean = co_await ctx.request<double>(meter, 1s, reading{celsius});
    while (!mean && is(mean.error(), hololoom::errc::unavailable)) {
      co_await ctx.sleep_for(1ms);
      mean = co_await ctx.request<double>(meter, 1s, reading{celsius});
    }
    if (mean) {
      ++result.answered;
      result.last_mean = *mean;
    } else {
      ++result.failed;
      std::cout << "  reading " << i << ": " << hololoom::explain(mean.error())
                << '\n';
    }
    co_await ctx.sleep_for(5ms);
  }
  done.set_value(result);
}

// -- the lifecycle events -----------------------------------------------------

/// Prints and keeps the lifecycle events of the thermometer.
class event_log {
public:
  void add(const hololoom::lifecycle_event& event) {
    if (!event.path.ends_with("/thermometer"))
      return;
    std::lock_guard guard{mutex_};
    std::cout << "  " << event.path << ": " << name_of(event.what)
              << ", incarnation " << event.incarnation
              << (event.reason.empty() ? "" : ": ") << event.reason << '\n';
    events_.push_back(event);
  }

  bool has(hololoom::transition what, std::int64_t incarnation) const {
    std::lock_guard guard{mutex_};
    for (const auto& event : events_)
      if (event.what == what && event.incarnation == incarnation)
        return true;
    return false;
  }

private:
  mutable std::mutex mutex_;
  std::vector<hololoom::lifecycle_event> events_;
};

} // namespace

int main() {
  demo::claims claims;
  event_log events;
  std::promise<outcome> done;
  auto loom = hololoom::loom::open(hololoom::config::fast());
  if (!loom) {
    std::cerr << hololoom::explain(loom.error()) << '\n';
    return 1;
  }
  loom->subscribe([&](const auto& event) { events.add(event); });

  auto factory = [](caf::actor_system& sys) {
    return sys.spawn(thermometer);
  };
  auto meter =
    loom->spawn_background(background::actor("thermometer", factory)
                             .restart(hololoom::restart_type::permanent));
  claims.check(meter.engaged(), "the actor runs under supervision");
  auto sampling = loom->spawn_background(
    background::coroutine("sampler", [&done](hololoom::task_context ctx) {
      return sampler(ctx, done);
    }));
  claims.check(sampling.engaged(), "the coroutine runs under supervision");

  auto finished = done.get_future();
  outcome result;
  if (finished.wait_for(30s) == std::future_status::ready)
    result = finished.get();
  claims.check(result.failed == 1, "one request failed, with an error at once");
  claims.check(result.answered == 9, "the other nine were answered");
  // The second incarnation saw readings 6 to 10: 26 to 30 degrees.
  claims.check(result.last_mean == 28, "the new incarnation began afresh");
  claims.check(events.has(hololoom::transition::exited, 1),
               "the crash was an event");
  claims.check(events.has(hololoom::transition::started, 2),
               "and so was the restart");

  auto report = loom->close();
  claims.check(report.exit_code == 0, "the cascade ended both without force");
  return claims.exit_code();
}
