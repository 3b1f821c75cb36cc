// A supervisor without a loom: links hololoom::supervision, which needs CAF.
#include <hololoom/supervision.hpp>

#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>

#include <future>
#include <iostream>

using namespace hololoom;
using namespace std::chrono_literals;

namespace {

caf::behavior divider(caf::event_based_actor* self) {
  // Without it, CAF tells why an actor ended by a number alone.
  self->set_exception_handler([](std::exception_ptr& thrown) -> caf::error {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      return failure(errc::crashed, e.what());
    }
  });
  return {[](int dividend, int divisor) {
    if (divisor == 0)
      throw std::domain_error{"division by zero"};
    return dividend / divisor;
  }};
}

} // namespace

int main() {
  caf::actor_system_config settings;
  register_types(settings);
  caf::actor_system system{settings};

  supervisor_options options;
  options.names = std::make_shared<directory>();
  options.events = std::make_shared<event_bus>();
  std::promise<void> again;
  options.events->subscribe(
    [&again](const lifecycle_event& e) {
      if (e.path == "root/divider" && e.incarnation == 2)
        again.set_value();
    },
    {.only = {transition::started}});

  auto work = background::actor("divider", [](caf::actor_system& in) {
                return in.spawn(divider);
              }).restart(restart_type::permanent);
  auto root = start_supervisor(system, options, {to_child_spec(work)});
  if (!root)
    return std::cerr << explain(root.error()) << '\n', 1;

  auto first = options.names->get<caf::actor>("root/divider");
  caf::anon_send(*first, 1, 0);
  if (again.get_future().wait_for(10s) != std::future_status::ready)
    return std::cerr << "the divider was not restarted\n", 1;
  auto second = options.names->get<caf::actor>("root/divider");
  std::cout << (*first == *second ? "the same actor\n" : "another actor\n");
  auto child = options.names->snapshot("root").children.back();
  std::cout << child.path << ": " << child.restarts << " restart, after "
            << *child.last_reason << '\n';
  exit_high(*root, caf::exit_reason::user_shutdown);
}
