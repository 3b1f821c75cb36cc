// A loom in an actor system of the program's own, asked by the program's actor.
#include <hololoom/hololoom.hpp>

#include <caf/actor_system_config.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <iostream>

using namespace hololoom;
using namespace std::chrono_literals;

namespace {

/// Answers a question with the loom's response, once that is on disk.
using desk = caf::typed_actor<answers<std::string, std::string>>;

desk::behavior_type serve(desk::pointer self, const shuttle_actor& shuttle,
                          const reflection_actor& buffer) {
  return {[=](const std::string& question) {
    auto reply = self->make_response_promise<std::string>();
    auto fail = [reply](const caf::error& why) mutable {
      reply.deliver(why);
    };
    self->request(shuttle, 5s, weave_request{.asked = {.text = question}})
      .then(
        [=](const spacetime& woven) {
          auto done = [=,
                       response = woven.response](const reflect_ack&) mutable {
            reply.deliver(response);
          };
          self
            ->request(buffer, 5s,
                      reflect_request{.woven = woven,
                                      .said = feedback{.helpful = true}})
            .then(done, fail);
        },
        fail);
    return reply;
  }};
}

int run(caf::actor_system& system) {
  auto settings = config::bare();
  settings.weave.epsilon = 0; // else it tries another tool now and then
  auto loom = loom::open(settings, system);
  if (!loom)
    return std::cerr << explain(loom.error()) << '\n', 1;

  remember_request rain{.shards = {{.id = "rain", .text = "Rain is water."}}};
  auto stored =
    ask_and_wait<remember_ack>(system, loom->yarn(), 5s, std::move(rain));
  if (!stored)
    return std::cerr << explain(stored.error()) << '\n', 1;
  std::cout << "shards: " << stored->total << '\n';

  // Supervised by the loom, the desk is restarted if it fails, and ends first.
  auto started = loom->spawn_background(
    background::actor("desk", [shuttle = loom->shuttle(),
                               buffer = loom->reflection()](auto& in) {
      return in.spawn(serve, shuttle, buffer);
    }).restart(restart_type::permanent));
  auto found = loom->find<desk>("desk");
  if (!started || !found)
    return std::cerr << "there is no desk\n", 1;
  auto answer = ask_and_wait<std::string>(system, *found, 10s,
                                          std::string{"What is rain?"});
  if (!answer)
    return std::cerr << explain(answer.error()) << '\n', 1;
  std::cout << *answer << '\n';

  auto report = loom->close();
  std::cout << "closed with exit code " << report.exit_code << '\n';
  return report.exit_code;
}

} // namespace

int main() {
  caf::actor_system_config settings;
  register_types(settings); // before the system is made of it
  caf::actor_system system{settings};
  return run(system); // the loom ends before its system
}
