#include <hololoom/hololoom.hpp>
#include <hololoom/json.hpp>

#include <iostream>

using namespace hololoom;
using namespace std::chrono_literals;
task get(task_context ctx) {
  for (;;)
    co_await ctx.sleep_for(1s); // then get; it is restarted when it throws
}

int main() {
  signal_watch signals; // before any other thread
  loom_extras extras;
  const tool_result four{"4", 1.0};
  auto dice = make_tool(
    "dice", [](auto& x, auto&) { return x.text == "roll" ? 6.0 : -4.0; },
    [four](auto&) { return four; });
  if (auto refused = extras.tools.add(dice))
    finish(refused);
  auto loom = loom::open(config::fast(), extras);
  if (!loom)
    finish(loom.error());
  loom->subscribe([](auto& event) { std::cerr << json_text(event) << '\n'; });
  auto job = background::coroutine("get", get).restart(restart_type::permanent);
  job.backoff({.min = 100ms, .max = 10s}).give_up_after(20, 10min);
  auto beat = background::periodic("beat", 1min, [] { std::clog << '.'; });
  for (const auto& work : {job, beat})
    if (auto started = loom->spawn_background(work); !started)
      return std::cerr << explain(started.error()) << '\n', 69;
  auto report = loom->run_until(signals);
  std::cout << pretty_json(json_text(report)) << '\n';
  finish(report);
}
