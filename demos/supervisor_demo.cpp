// Supervision for plain CAF programs: HoloLoom's supervisor without the rest.
//
// The sample shows:
//   1. a worker that crashes and is restarted;
//   2. its name, which finds the new incarnation, and the request under way,
//      which fails at once instead of waiting for ever;
//   3. a tree with a nested supervisor, backoff, and a stuck handler that is
//      noticed and replaced while the other actors go on;
//   4. the events of all that;
//   5. a stop with a deadline, and the actors that miss it.

#include <hololoom/actors/supervision/ask.hpp>
#include <hololoom/actors/supervision/cascade.hpp>
#include <hololoom/actors/supervision/directory.hpp>
#include <hololoom/actors/supervision/supervisor.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <thread>

using namespace hololoom;
using namespace std::chrono_literals;

namespace {

/// An actor as any CAF program has it; a 0 crashes it.
caf::behavior divider(caf::event_based_actor* self) {
  return {[self](int x) -> caf::result<int> {
    if (x == 0) {
      self->quit(caf::sec::runtime_error);
      // Never fulfilled: without a supervisor the sender would wait for ever.
      return self->make_response_promise<int>();
    }
    return 100 / x;
  }};
}

/// An actor whose handler blocks.
struct sleeper {
  explicit sleeper(caf::event_based_actor*) {}
  caf::behavior make_behavior() {
    return {[](int ms) {
      std::this_thread::sleep_for(std::chrono::milliseconds{ms});
      return ms;
    }};
  }
};

/// A child is made by any function that spawns an actor.
child_spec worker(std::string name,
                  caf::behavior (*behavior)(caf::event_based_actor*)) {
  child_spec spec;
  spec.name = std::move(name);
  spec.start = [behavior](const start_context& ctx) {
    return start_result::started(ctx.system->spawn(behavior));
  };
  return spec;
}

void show(const caf::expected<int>& answer) {
  if (answer)
    std::cout << "  answer: " << *answer << '\n';
  else
    std::cout << "  error:  " << explain(answer.error()) << '\n';
}

void one_worker(caf::actor_system& system) {
  std::cout << "A worker that crashes\n";
  auto names = std::make_shared<directory>();
  supervisor_options options;
  options.names = names;
  auto root = *start_supervisor(system, options, {worker("div", divider)});
  auto ask_div = [&](int x) {
    auto div = names->get<caf::actor>("root/div");
    show(div ? ask_and_wait<int>(system, *div, 1s, x)
             : caf::expected<int>{std::move(div.error())});
  };
  ask_div(5);
  ask_div(0);
  // The restart may take a moment.
  while (!names->find("root/div"))
    std::this_thread::sleep_for(1ms);
  ask_div(20);
  exit_high(root, caf::exit_reason::user_shutdown);
}

std::vector<child_spec> tree() {
  auto flaky = worker("flaky", divider);
  // Restarts wait 50 ms, 100 ms, ..., at most 2 s, varied by up to a fifth.
  flaky.backoff = {50ms, 2s, 2, 0.2};
  child_spec slow;
  slow.name = "slow";
  slow.start = [](const start_context& ctx) {
    return start_result::started(
      spawn_state<sleeper, caf::actor, caf::detached>(*ctx.system));
  };
  slow.stuck = {200ms, true};
  supervisor_options inner;
  inner.name = "inner";
  inner.strategy = strategy::one_for_all;
  return {supervisor_child(inner, {worker("a", divider), worker("b", divider)}),
          std::move(flaky), std::move(slow)};
}

void print(const tree_snapshot& snapshot) {
  for (const auto& c : snapshot.children)
    std::cout << "  " << c.path << "  " << name_of(c.state) << "  #"
              << c.incarnation << (c.doing ? "  " + *c.doing : "") << '\n';
}

void print(const std::vector<child_outcome>& outcomes) {
  for (const auto& o : outcomes)
    std::cout << "  " << o.name << "  " << name_of(o.how)
              << (o.doing ? "  " + *o.doing : "") << '\n';
}

void whole_tree(caf::actor_system& system) {
  std::cout << "\nA tree\n";
  supervisor_options options;
  options.intensity = 10;
  options.stop_order = stop_order::parallel;
  // On a thread of its own, it answers even if all the scheduler's threads
  // block.
  options.detached = true;
  options.names = std::make_shared<directory>();
  options.events = std::make_shared<event_bus>();
  options.events->subscribe([](const lifecycle_event& e) {
    std::cout << "  " + e.path + " " + std::string{name_of(e.what)}
                   + (e.reason.empty() ? "" : ": " + e.reason) + "\n";
  });
  auto root = *start_supervisor(system, options, tree());
  for (auto name : {"root/flaky", "root/inner/a"})
    caf::anon_send(*options.names->get(name), 0);
  caf::anon_send(*options.names->get("root/slow"), 1500);
  std::this_thread::sleep_for(600ms);
  std::cout << "\nThe tree while a handler is stuck\n";
  print(options.names->snapshot("root"));
  std::cout << "\nTold to end within half a second\n";
  cascade_plan plan;
  plan.root = root;
  plan.names = options.names;
  plan.limits.grace = millis{500};
  auto cascade = spawn_cascade(system, std::move(plan));
  auto report = ask_and_wait<shutdown_report>(
    system, cascade, 10s, begin_cascade{"the demo is over", "main"});
  exit_high(cascade, caf::exit_reason::user_shutdown);
  options.events->settle(std::chrono::steady_clock::now() + 500ms);
  if (report) {
    std::cout << "\nThe report\n";
    print(report->children);
  }
}

} // namespace

int main() {
  caf::actor_system_config config;
  caf::actor_system system{config};
  one_worker(system);
  whole_tree(system);
  return 0;
}
