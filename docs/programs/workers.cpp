// One worker of each kind, and what becomes of them.
#include <hololoom/hololoom.hpp>

#include <caf/event_based_actor.hpp>

#include <atomic>
#include <iostream>
#include <memory>
#include <stdexcept>

using namespace hololoom;
using namespace std::chrono_literals;

struct add {
  int amount = 0;
};
HOLOLOOM_LOCAL_MESSAGE(2000, add) // it never leaves this process

namespace {

// -- an actor -----------------------------------------------------------------

caf::behavior counter(caf::event_based_actor*) {
  return {[sum = 0](add x) mutable {
    return sum += x.amount;
  }};
}

// -- a coroutine, which asks the actor ----------------------------------------

task client(task_context ctx) {
  // Found by name once: the handle stays good over the actor's restarts.
  auto actor = ctx.find("counter");
  if (!actor)
    throw std::runtime_error{explain(actor.error())};
  for (int i = 1; i <= 3; ++i) {
    auto sum = co_await ctx.request<int>(*actor, 1s, add{i});
    if (!sum)
      throw std::runtime_error{explain(sum.error())};
    std::cout << "the counter is at " << *sum << '\n';
    co_await ctx.sleep_for(1ms);
  }
}

// -- a coroutine with children of its own, two at a time --------------------------

task crawl(task_context, nursery children) {
  // Shared: told to end, a child goes after this coroutine's variables.
  auto fetched = std::make_shared<std::atomic<int>>(0);
  for (auto* page : {"one", "two", "three"}) {
    co_await children.wait_for_room();
    auto refused = children.start(
      background::blocking(page, [fetched](std::stop_token) { ++*fetched; }));
    if (refused)
      throw std::runtime_error{explain(refused)};
  }
  if (auto failed = co_await children.wait_all())
    throw std::runtime_error{explain(failed)};
  std::cout << "the crawler has fetched " << *fetched << " pages\n";
}

// -- a function in a process of its own ---------------------------------------

const bool known = register_process_function("greet", [](process_context ctx) {
  return ctx.arguments().front() == "hello" ? 0 : 1;
});

// -- a loom with all of them --------------------------------------------------

void start(loom& in, background work) {
  if (auto started = in.spawn_background(std::move(work)); !started)
    throw std::runtime_error{explain(started.error())};
}

void expect_no(const caf::error& err) {
  if (err)
    throw std::runtime_error{explain(err)};
}

void each_kind() {
  auto opened = loom::open(config::bare());
  if (!opened)
    throw std::runtime_error{explain(opened.error())};
  auto& loom = *opened;
  start(loom, background::actor("counter", [](caf::actor_system& system) {
                return system.spawn(counter);
              }).restart(restart_type::permanent));
  start(loom, background::coroutine("client", client));
  start(loom, background::process(
                "greeter", {.function = "greet", .arguments = {"hello"}}));
  start(loom, background::periodic("beat", 10ms, [] {}));
  start(loom, background::blocking("doomed", [](std::stop_token) {
          throw std::runtime_error{"no luck"};
        }));

  expect_no(loom.wait_background("client"));
  expect_no(loom.wait_background("greeter"));
  start(loom, background::nursery("crawler", crawl, {.at_once = 2}));
  expect_no(loom.wait_background("crawler"));
  std::cout << "doomed: " << explain(loom.wait_background("doomed")) << '\n';

  // Nothing ends these two but a stop. With the last one the loom closes.
  expect_no(loom.stop_background("beat"));
  loom.close_when_done();
  expect_no(loom.stop_background("counter"));
  auto report = loom.wait();
  std::cout << report.reason << ": exit code " << report.exit_code << '\n';
}

void an_essential_one() {
  auto opened = loom::open(config::bare());
  if (!opened)
    throw std::runtime_error{explain(opened.error())};
  start(*opened, background::coroutine("vital", [](task_context ctx) -> task {
                   co_await ctx.sleep_for(1ms);
                   throw std::runtime_error{"the licence has expired"};
                 }).essential());
  auto report = opened->wait();
  std::cout << report.reason << ": exit code " << report.exit_code << '\n';
}

} // namespace

int main(int argc, char** argv) {
  if (auto code = run_if_child_process(argc, argv))
    return *code;
  try {
    each_kind();
    an_essential_one();
  } catch (const std::exception& e) {
    return std::cerr << e.what() << '\n', 1;
  }
}
