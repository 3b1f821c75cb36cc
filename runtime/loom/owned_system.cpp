#include <hololoom/messages/caf/actor_system.hpp>
#include <hololoom/messages/caf/type_ids.hpp>
#include <hololoom/runtime/loom/owned_system.hpp>

#include <caf/actor_registry.hpp>

#include <algorithm>
#include <deque>
#include <thread>
#include <utility>

namespace hololoom::detail {

using namespace std::chrono_literals;

bool returns_within(outlet& on, std::chrono::milliseconds limit,
                    std::function<void()> f) {
  auto due = std::chrono::steady_clock::now() + limit;
  on.post([f = std::move(f)] {
    f();
    // The actor system waits for every thread that remembers it.
    forget_actor_system();
  });
  return on.settle(due);
}

owned_system::owned_system(std::int64_t threads)
  : config_(std::make_unique<caf::actor_system_config>()) {
  register_types(*config_);
  // At least 4, so that a handler or two that do not return leave threads for
  // the others.
  auto count = threads > 0
               ? static_cast<std::size_t>(threads)
               : std::max<std::size_t>(4, std::thread::hardware_concurrency());
  set_threads(*config_, count);
  // A thread that steals walks through the whole queue of a busy one: very many
  // actors that are made or ended at once would cost the square of their
  // number.
  set_policy(*config_, "sharing");
  // CAF ends the process if one of its threads is refused: the scheduler's, the
  // clock's and the printer's. What can be had now, it will get.
  std::deque<outlet> trial;
  while (trial.size() < count + 2)
    trial.emplace_back();
  trial.clear();
  system_ = std::make_unique<caf::actor_system>(*config_);
}

std::size_t owned_system::await_actors(std::chrono::milliseconds limit) const {
  auto* registry = &system_->registry();
  auto none_left = returns_within(
    *waiter_, limit, [registry] { registry->await_running_count_equal(0); });
  return none_left ? 0 : registry->running();
}

bool owned_system::destroy() {
  // CAF's destructor waits without a limit for each thread that has used the
  // system and still lives, because CAF remembers the last system of a thread.
  // So this thread forgets it, and another one destroys it.
  forget_actor_system();
  auto* system = system_.release();
  auto* config = config_.release();
  return returns_within(*waiter_, 1s, [system, config] {
    delete system;
    delete config;
  });
}

void owned_system::abandon() {
  forget_actor_system();
  std::ignore = system_.release();
  std::ignore = config_.release();
}

} // namespace hololoom::detail
