// Supervises two actors, kills one, and asks the one that took its place.
#include <hololoom/supervision.hpp>

#include <caf/actor_system_config.hpp>

#include <chrono>
#include <future>
#include <iostream>
#include <memory>

using namespace hololoom;
using namespace std::chrono_literals;

namespace {

caf::behavior doubling(caf::event_based_actor*) {
  return {[](int x) {
    return 2 * x;
  }};
}

child doubler(const char* name) {
  return {name, [](caf::actor_system& s) {
            return s.spawn(doubling);
          }};
}

} // namespace

int main() {
  caf::actor_system_config config;
  register_types(config);
  caf::actor_system system{config};

  std::promise<void> restarted;
  supervisor_options options;
  options.names = std::make_shared<directory>();
  options.events = std::make_shared<event_bus>();
  options.events->subscribe([&restarted](const lifecycle_event& e) {
    if (e.path == "root/a" && e.what == transition::started
        && e.incarnation == 2)
      restarted.set_value();
  });
  auto root = start_supervisor(system, options, {doubler("a"), doubler("b")});
  if (!root)
    return std::cerr << explain(root.error()) << '\n', 1;
  exit_high(*options.names->get("root/a"), caf::exit_reason::kill);
  if (restarted.get_future().wait_for(10s) != std::future_status::ready)
    return std::cerr << "the actor was not restarted\n", 1;
  auto answer =
    ask_and_wait<int>(system, *options.names->get("root/a"), 10s, 21);
  exit_high(*root, caf::exit_reason::user_shutdown);
  if (!answer)
    return std::cerr << explain(answer.error()) << '\n', 1;
  std::cout << "answered " << *answer << '\n';
}
