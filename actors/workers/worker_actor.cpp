#include <hololoom/actors/workers/awaiting_drain.hpp>
#include <hololoom/actors/workers/coroutine/task.hpp>
#include <hololoom/actors/workers/worker_actor.hpp>

#include <caf/exit_reason.hpp>
#include <caf/system_messages.hpp>

#include <string>

namespace hololoom::detail {

worker_actor::worker_actor(caf::actor_config& cfg)
  : caf::event_based_actor(cfg) {}

worker_actor::resume_result worker_actor::resume(execution_unit* unit,
                                                 std::size_t most) {
  worker_code mine{awaits_drain_, true};
  return caf::event_based_actor::resume(unit, most);
}

void worker_actor::listen() {
  // Workers take no messages: the sender of one gets an error.
  set_default_handler(caf::drop);
  set_exit_handler([this](caf::exit_msg& x) {
    if (!x.reason || stopping_)
      return;
    stopping_ = std::move(x.reason);
    on_stop();
  });
}

void worker_actor::conclude(caf::error failure) {
  quit(failure ? std::move(failure) : stopping_);
}

caf::error crash(std::string_view kind, const std::exception_ptr& thrown) {
  std::string what;
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    what = e.what();
  } catch (const cancelled&) {
    what = "'cancelled', though it had not been told to end";
  } catch (...) {
    what = "something that is not a std::exception";
  }
  return failure(errc::crashed, "the " + std::string{kind} + " threw: " + what);
}

} // namespace hololoom::detail
