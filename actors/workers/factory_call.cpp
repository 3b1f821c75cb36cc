#include <hololoom/actors/supervision/supervisor_code.hpp>
#include <hololoom/actors/workers/factory_call.hpp>
#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/messages/errc.hpp>

#include <caf/actor_registry.hpp>

#include <chrono>
#include <thread>
#include <utility>

namespace hololoom::detail {

namespace {

constexpr auto longest_call = std::chrono::seconds{1};

start_result too_slow(std::string what) {
  return start_result::failure(
    failure(errc::start_failed,
            std::move(what)
              + ": all workers wait for it meanwhile; make the actor at once, "
                "and let it do what takes long after its start"));
}

} // namespace

void factory_call::start(caf::actor_system& system, actor_factory factory) {
  system.registry().inc_running();
  try {
    std::thread([me = shared_from_this(), &system,
                 factory = std::move(factory)]() mutable {
      me->run(system, std::move(factory));
    }).detach();
  } catch (...) {
    system.registry().dec_running();
    throw;
  }
}

void factory_call::run(caf::actor_system& system, actor_factory factory) {
  supervisor_code mark;
  caf::strong_actor_ptr made;
  std::exception_ptr thrown;
  try {
    made = factory(system);
  } catch (...) {
    thrown = std::current_exception();
  }
  factory = nullptr;
  caf::strong_actor_ptr late;
  {
    lock_guard guard{mutex_};
    (abandoned_ ? late : made_) = std::move(made);
    thrown_ = std::move(thrown);
    returned_ = true;
    changed_.notify_all();
  }
  exit_high(late, caf::make_error(caf::exit_reason::user_shutdown));
  late = nullptr;
  system.registry().dec_running();
}

start_result factory_call::wait() {
  auto limit = std::chrono::steady_clock::now() + longest_call;
  unique_lock guard{mutex_};
  while (!returned_ && !abandoned_)
    if (changed_.wait_until(guard, limit) == std::cv_status::timeout)
      abandoned_ = !returned_;
  if (abandoned_)
    return too_slow("its factory did not return within a second");
  if (thrown_)
    std::rethrow_exception(thrown_);
  return start_result::started(std::exchange(made_, nullptr));
}

bool factory_call::returned() const {
  lock_guard guard{mutex_};
  return returned_;
}

start_result start_made(const start_context& ctx, const actor_factory& factory,
                        std::shared_ptr<factory_call>& last) {
  if (last && !last->returned())
    return too_slow(
      "its factory, called for an earlier start, has not returned "
      "yet");
  last = std::make_shared<factory_call>();
  last->start(*ctx.system, factory);
  return last->wait();
}

} // namespace hololoom::detail
