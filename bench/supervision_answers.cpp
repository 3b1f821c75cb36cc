// How soon a supervisor answers while it is busy with its children, and how
// long a cascade takes over a tree of them.
//
// One thread asks for the counts over and over while another has 1k, 10k and
// 100k children started, restarted as a group and stopped. OTP's supervisor
// answers the same questions only when it is done.

#include <hololoom/actors/supervision/directory.hpp>
#include <hololoom/actors/supervision/supervisor.hpp>
#include <hololoom/messages/caf/actor_system.hpp>
#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/messages/caf/type_ids.hpp>
#include <hololoom/runtime/loom.hpp>

#include <caf/actor_registry.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

using namespace hololoom;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

double ms_since(clock_type::time_point t) {
  return std::chrono::duration<double, std::milli>(clock_type::now() - t)
    .count();
}

caf::behavior idle(caf::event_based_actor* self) {
  return {[self](caf::put_atom) {
    self->quit(failure(errc::crashed, "asked to"));
  }};
}

/// A plain actor with a thread of its own and nothing else to do: its answer
/// times are the best that the machine and CAF allow.
caf::behavior plain(caf::event_based_actor*) {
  return {[](count_children) {
    return child_counts{};
  }};
}

/// Asks until it is told to stop, and keeps the time each answer took.
class asker {
public:
  template <class Handle>
  asker(caf::actor_system& system, Handle whom)
    : thread_([this, &system, whom = std::move(whom)] {
        caf::scoped_actor self{system};
        auto gone = false;
        while (!stop_ && !gone) {
          auto t = clock_type::now();
          self->request(whom, caf::infinite, count_children{})
            .receive([](const child_counts&) {},
                     [&](const caf::error&) { gone = true; });
          if (!gone)
            took_.push_back(ms_since(t));
        }
      }) {}

  std::vector<double> finish() {
    stop_ = true;
    thread_.join();
    std::sort(took_.begin(), took_.end());
    return std::move(took_);
  }

private:
  std::atomic<bool> stop_{false};
  std::vector<double> took_;
  std::thread thread_;
};

void print(const char* whom, const char* what, int n, double took,
           std::vector<double> answers) {
  if (answers.empty())
    answers.push_back(took); // It was done before it could be asked.
  std::printf("%8d  %-10s %-10s %10.1f %8zu %10.3f %10.3f %10.3f\n", n, what,
              whom, took, answers.size(), answers[answers.size() / 2],
              answers[answers.size() * 99 / 100], answers.back());
  std::fflush(stdout);
}

std::vector<child_spec> workers(int n, std::atomic<int>& running) {
  std::vector<child_spec> result;
  result.reserve(static_cast<std::size_t>(n));
  child_spec spec;
  spec.start = [&running](const start_context& ctx) {
    ++running;
    return start_result::started(ctx.system->spawn(idle));
  };
  for (auto i = 0; i < n; ++i) {
    spec.name = "w" + std::to_string(i);
    result.push_back(spec);
  }
  return result;
}

/// @param bystander whether a plain actor is asked in place of the supervisor
void ask_while_busy(caf::actor_system& system, int n, bool bystander) {
  caf::scoped_actor self{system};
  std::atomic<int> started{0};
  supervisor_options options;
  options.strategy = strategy::one_for_all;
  options.stop_order = stop_order::parallel;
  options.detached = true;
  options.names = std::make_shared<directory>();
  auto children = workers(n, started);
  auto other = system.spawn<caf::detached>(plain);
  auto t = clock_type::now();
  auto sup = *spawn_supervisor(system, options, std::move(children));
  auto whom = bystander ? other : caf::actor_cast<caf::actor>(sup);
  auto measure = [&](const char* what, auto work) {
    asker asks{system, whom};
    t = std::string{what} == "start" ? t : clock_type::now();
    work();
    auto took = ms_since(t);
    print(bystander ? "plain" : "supervisor", what, n, took, asks.finish());
  };
  measure("start", [&] {
    self->request(sup, caf::infinite, await_running{})
      .receive([](acknowledged) {}, [](const caf::error&) {});
  });
  // One crash restarts all.
  auto last = options.names->find("root/w" + std::to_string(n - 1));
  measure("restart", [&] {
    caf::anon_send(caf::actor_cast<caf::actor>(last), caf::put_atom{});
    while (started < 2 * n)
      std::this_thread::sleep_for(100us);
  });
  measure("stop", [&] {
    exit_high(sup, caf::exit_reason::user_shutdown);
    self->wait_for(sup);
  });
  exit_high(other, caf::exit_reason::kill);
}

/// A root, 100 supervisors and n / 100 workers below each, drained and ended as
/// the shutdown cascade does it.
void cascade(caf::actor_system& system, int n) {
  caf::scoped_actor self{system};
  std::atomic<int> started{0};
  supervisor_options options;
  options.stop_order = stop_order::parallel;
  std::vector<child_spec> branches;
  for (auto i = 0; i < 100; ++i) {
    options.name = "s" + std::to_string(i);
    branches.push_back(supervisor_child(options, workers(n / 100, started)));
  }
  options.name = "root";
  auto t = clock_type::now();
  auto root = *start_supervisor(system, options, std::move(branches));
  auto start = ms_since(t);
  t = clock_type::now();
  self
    ->request(root, caf::infinite,
              drain_request{{}, clock_type::now() + 60s, true})
    .receive([](const drained&) {}, [](const caf::error&) {});
  self->wait_for(root);
  std::printf("%8d workers under 100 supervisors: started in %.1f ms, drained "
              "and ended in %.1f ms\n",
              n, start, ms_since(t));
}

/// The whole of it: a loom with n coroutines, from `close()` to the report.
void close_a_loom(int n) {
  auto loom = loom::open(config::bare());
  if (!loom)
    return;
  std::vector<loom::promised<child_started>> started;
  for (auto i = 0; i < n; ++i)
    started.push_back(loom->spawn_background_async(background::coroutine(
      "w" + std::to_string(i), [](task_context ctx) -> task {
        for (;;)
          co_await ctx.sleep_for(1h);
      })));
  for (auto& x : started)
    std::ignore = x.get();
  auto report = loom->close();
  std::printf("%8d coroutines of a loom: closed in %.1f ms, exit code %d\n", n,
              report.total.count(), static_cast<int>(report.exit_code));
}

} // namespace

int main() {
  caf::actor_system_config config;
  register_types(config);
  be_quiet(config);
  caf::actor_system system{config};
  std::printf("%8s  %-10s %-10s %10s %8s %10s %10s %10s\n", "children", "while",
              "asked", "took ms", "answers", "median ms", "p99 ms", "max ms");
  for (auto n : {1'000, 10'000, 100'000})
    for (auto bystander : {false, true})
      ask_while_busy(system, n, bystander);
  cascade(system, 10'000);
  cascade(system, 100'000);
  close_a_loom(10'000);
  return 0;
}
