#pragma once

#include "support/actor_fixture.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/supervision/options.hpp>
#include <hololoom/actors/workers/background.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <caf/system_messages.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace hololoom::test {

/// A worker that was started without a supervisor.
struct started_worker {
  caf::actor handle;
  std::shared_ptr<child_probe> probe;
  /// Why it ended; none while it runs.
  std::shared_ptr<std::optional<caf::error>> end =
    std::make_shared<std::optional<caf::error>>();

  bool running() const { return !end->has_value(); }
  std::string shown() const { return running() ? "runs" : to_string(**end); }
  bool ended_normally() const { return !running() && !**end; }
  bool ended_with(caf::exit_reason x) const {
    return !running() && **end == caf::make_error(x);
  }
  bool ended_with(errc x) const { return !running() && is(**end, x); }
  std::string last_words() const { return running() ? "" : explain(**end); }

  void stop() const { exit_high(handle, caf::exit_reason::user_shutdown); }
  void kill() const { exit_high(handle, caf::exit_reason::kill); }
};

/// Starts `work` as a supervisor does.
inline start_result start_bare(caf::actor_system& system, background work) {
  auto spec = to_child_spec(std::move(work));
  if (auto problem = check(spec, {}))
    return start_result::failure(problem->to_error());
  start_context ctx;
  ctx.system = &system;
  ctx.path = "root/workers/" + spec.name;
  ctx.incarnation = 1;
  return spec.start(ctx);
}

/// Workers on the virtual clock, each watched to its end.
class worker_fixture : public actor_fixture {
public:
  /// @pre the worker starts
  started_worker start(background work) {
    started_worker result;
    auto outcome = start_bare(system, std::move(work));
    if (!outcome.handle)
      throw std::runtime_error(explain(outcome.reason));
    result.handle = track(caf::actor_cast<caf::actor>(outcome.handle));
    result.probe = outcome.probe;
    watch(result);
    return result;
  }

  void watch(const started_worker& x) {
    // A monitor alone would not keep its actor.
    watchers_.push_back(
      track(system.spawn([end = x.end, handle = x.handle](
                           caf::event_based_actor* self) -> caf::behavior {
        self->set_down_handler([self, end](caf::down_msg& down) {
          *end = down.reason;
          self->quit();
        });
        self->monitor(handle);
        return {[] {
        }};
      })));
    run();
  }

  void stop(const started_worker& x) {
    x.stop();
    run();
  }
  void kill(const started_worker& x) {
    x.kill();
    run();
  }

private:
  std::vector<caf::actor> watchers_;
};

} // namespace hololoom::test
