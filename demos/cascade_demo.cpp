// The sample shows:
//   - a shutdown cascade over any number of workers that end when told to;
//   - what happens to stuck workers: an actor in a handler that never returns,
//   a
//     thread that never checks its stop token, a process that ignores SIGTERM;
//   - exits that overtake a backlog in the mailboxes;
//   - a slow flush, which the cascade waits for because it makes progress;
//   - the report, as a timeline or as JSON.
//
//   cascade_demo --workers 1000 --stuck-actors 1 --stuck-threads 1
//   cascade_demo --stuck-processes 1 --backlog 100000 --flush-ms 15000 --json
//   cascade_demo --stuck-threads 1 --wait     then Ctrl-C, once or twice
//
// It ends with 0, or with 75 if something had to be abandoned.

// One of the dearest sources to compile: it brings together the whole loom,
// plain CAF actors and the command line library.

#include <hololoom/messages/caf/local_message.hpp>
#include <hololoom/messages/json/write.hpp>
#include <hololoom/runtime/loom.hpp>
#include <hololoom/runtime/signals.hpp>

#include <CLI/CLI.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <iostream>
#include <latch>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <unistd.h>
#include <utility>

using namespace std::chrono_literals;
using hololoom::background;

namespace {

struct demo_options {
  int workers = 100;
  int stuck_actors = 0;
  int stuck_threads = 0;
  int stuck_processes = 0;
  int backlog = 0;
  int flush_ms = 0;
  int grace_ms = 5000;
  bool wait = false;
  bool json = false;
};

/// A message that takes a tenth of a millisecond to handle.
struct toil {};

/// A message whose handler never returns.
struct get_stuck {};

} // namespace

HOLOLOOM_LOCAL_MESSAGE(2000, toil)
HOLOLOOM_LOCAL_MESSAGE(2001, get_stuck)

namespace {

// -- the workers --------------------------------------------------------------

hololoom::task pulse(hololoom::task_context ctx) {
  for (;;)
    co_await ctx.sleep_for(1h);
}

[[noreturn]] void sleep_for_ever() {
  for (;;)
    std::this_thread::sleep_for(1h);
}

/// An actor with `backlog` messages in its mailbox, 0.1 ms each.
caf::actor spawn_backlogged(caf::actor_system& system, int backlog) {
  auto worker = system.spawn([](caf::event_based_actor*) -> caf::behavior {
    return {[](toil) {
      auto end = std::chrono::steady_clock::now() + 100us;
      while (std::chrono::steady_clock::now() < end)
        continue;
    }};
  });
  for (int i = 0; i < backlog; ++i)
    caf::anon_send(worker, toil{});
  return worker;
}

struct stuck_state {
  explicit stuck_state(caf::event_based_actor*) {}
  caf::behavior make_behavior() {
    return {[](get_stuck) {
      sleep_for_ever();
    }};
  }
};

/// An actor, on a thread of its own, that its first message gets stuck. Spawned
/// by `spawn_state`, it shows which message that is.
caf::actor spawn_stuck(caf::actor_system& system) {
  auto worker =
    hololoom::spawn_state<stuck_state, caf::actor, caf::detached>(system);
  caf::anon_send(worker, get_stuck{});
  return worker;
}

int ignore_sigterm(const hololoom::process_context&) {
  std::signal(SIGTERM, SIG_IGN);
  std::puts("stuck");
  std::fflush(stdout);
  sleep_for_ever();
}

/// A disk that is slow but makes progress: spreads a delay over many writes.
class slow_disk : public hololoom::disk_hooks {
public:
  hololoom::disk_fault before_write(std::size_t) override {
    auto left = budget_.load();
    if (left > 0) {
      auto step = std::min<std::int64_t>(left, step_);
      budget_ -= step;
      std::this_thread::sleep_for(std::chrono::milliseconds{step});
    }
    return hololoom::disk_fault::none;
  }

  /// Delays the next writes by `ms` in all, in fewer steps than a flush has
  /// writes, each shorter than what counts as a standstill.
  void spend(std::int64_t ms) {
    step_ = std::clamp<std::int64_t>(ms / 100, 1, 5'000);
    budget_ = ms;
  }

private:
  std::atomic<std::int64_t> step_{0};
  std::atomic<std::int64_t> budget_{0};
};

// -- the report ---------------------------------------------------------------

/// Events by their time in milliseconds.
using timeline = std::multimap<double, std::string>;

timeline timeline_of(const hololoom::shutdown_report& x) {
  timeline result;
  double at = 0;
  for (const auto& phase : x.phases) {
    auto note = phase.error ? "  (" + *phase.error + ")" : std::string{};
    result.emplace(at, phase.name + note);
    if (!phase.name.starts_with("hook: "))
      at += phase.took.count();
  }
  if (x.flush.at)
    result.emplace(x.flush.at->count(), "flush acknowledged, "
                                          + std::to_string(x.flush.episodes)
                                          + " episodes written by it");
  if (x.first_force_at)
    result.emplace(x.first_force_at->count(), "first force");
  return result;
}

void print_timeline(const hololoom::shutdown_report& x) {
  std::printf("closed in %.1f ms, asked by %s\n", x.total.count(),
              x.requested_by.c_str());
  for (const auto& [at, what] : timeline_of(x))
    std::printf("  %9.1f ms  %s\n", at, what.c_str());
  std::puts("children:");
  for (const auto& child : x.children) {
    auto doing = child.doing ? "  (" + *child.doing + ")" : std::string{};
    std::printf("  %9.1f ms  %-10s %s %s%s\n", child.took.count(),
                std::string{name_of(child.how)}.c_str(), child.name.c_str(),
                child.kind.c_str(), doing.c_str());
  }
}

// -- the demo -----------------------------------------------------------------

void start_workers(hololoom::loom& loom, const demo_options& options) {
  std::vector<std::future<caf::expected<hololoom::child_started>>> started;
  auto all_run = true;
  auto await_started = [&] {
    for (auto& x : std::exchange(started, {})) {
      if (auto child = x.get(); !child) {
        std::cerr << hololoom::explain(child.error()) << '\n';
        all_run = false;
      }
    }
  };
  auto start = [&](background work) {
    started.push_back(loom.spawn_background_async(std::move(work)));
    // For each answer, a CAF actor searches all its open requests: keep them
    // few.
    if (started.size() >= 512)
      await_started();
  };
  for (int i = 1; i <= options.workers; ++i)
    start(background::coroutine("worker-" + std::to_string(i), pulse));
  for (int i = 1; i <= options.stuck_actors; ++i)
    start(background::actor("stuck-actor-" + std::to_string(i), spawn_stuck));
  for (int i = 1; i <= options.stuck_threads; ++i)
    start(background::blocking("stuck-thread-" + std::to_string(i),
                               [](const std::stop_token&) {
                                 hololoom::report_doing("sleeping for ever");
                                 sleep_for_ever();
                               }));
  // A process that is told to end before it ignores SIGTERM would simply end.
  auto not_stuck_yet = std::make_shared<std::latch>(options.stuck_processes);
  for (int i = 1; i <= options.stuck_processes; ++i)
    start(background::process(
      "stuck-process-" + std::to_string(i),
      {.function = "ignore-sigterm",
       .on_output = [not_stuck_yet](const hololoom::process_output& x) {
         if (x.line == "stuck")
           not_stuck_yet->count_down();
       }}));
  await_started();
  if (all_run)
    not_stuck_yet->wait();
  // Started last, so that its mailbox is still full when the cascade begins.
  if (options.backlog > 0) {
    start(background::actor("backlog",
                            [n = options.backlog](caf::actor_system& system) {
                              return spawn_backlogged(system, n);
                            }));
    await_started();
  }
}

/// Queues episodes that are not yet on disk when the cascade begins.
void queue_episodes(hololoom::loom& loom, slow_disk& disk, int flush_ms) {
  if (flush_ms == 0)
    return;
  auto woven = loom.weave("what is 12 * (3 + 4)");
  if (!woven)
    return;
  disk.spend(flush_ms);
  for (int i = 0; i < 100; ++i)
    std::ignore = loom.reflect_async(*woven, {.helpful = true});
}

/// Prints the state of the demo, as text or as a line of JSON.
void say(const demo_options& options, const std::string& state,
         const std::string& hint) {
  if (options.json)
    std::cout << R"({"state":")" << state << R"("})" << std::endl;
  else
    std::cout << state << ": " << hint << std::endl;
}

int run(const demo_options& options) {
  hololoom::signal_watch signals;
  std::error_code no_temp;
  auto folder =
    (std::filesystem::temp_directory_path(no_temp) / "cascade-XXXXXX").string();
  if (no_temp || !::mkdtemp(folder.data())) {
    std::cerr << "cannot make a directory for temporary files; set TMPDIR to "
                 "one that can be written to\n";
    return 73;
  }
  auto cfg = hololoom::config::bare();
  cfg.data_dir = folder;
  cfg.shutdown.grace = hololoom::millis{static_cast<double>(options.grace_ms)};
  auto disk = std::make_shared<slow_disk>();
  auto loom = hololoom::loom::open(cfg, {.disk = disk});
  if (!loom) {
    std::cerr << hololoom::explain(loom.error()) << '\n';
    return 70;
  }
  std::promise<void> asked;
  signals.start([&](int number, int count) {
    const auto* name = number == SIGINT ? "SIGINT" : "SIGTERM";
    if (count > 1)
      return loom->hurry();
    loom->close_async(name, "signal");
    if (options.wait)
      say(options, "closing", "a second signal skips the wait for workers");
    asked.set_value();
  });
  start_workers(*loom, options);
  queue_episodes(*loom, *disk, options.flush_ms);
  if (options.wait) {
    say(options, "ready",
        "kill " + std::to_string(::getpid()) + ", or Ctrl-C, closes it");
    asked.get_future().wait();
  }
  auto report = loom->close("demo", "cascade_demo");
  if (options.json)
    std::cout << hololoom::json_text(report) << '\n';
  else
    print_timeline(report);
  std::filesystem::remove_all(folder);
  return report.exit_code;
}

} // namespace

int main(int argc, char** argv) {
  hololoom::register_process_function("ignore-sigterm", ignore_sigterm);
  if (auto code = hololoom::run_if_child_process(argc, argv))
    return *code;
  demo_options options;
  CLI::App app{"Closes a loom full of workers, some of them stuck, and shows "
               "the shutdown cascade."};
  auto count = [&](const char* name, int& value, const char* help) {
    app.add_option(name, value, help)
      ->check(CLI::Range(0, 10'000'000))
      ->capture_default_str();
  };
  count("--workers", options.workers, "coroutines that end when told to");
  count("--stuck-actors", options.stuck_actors, "actors in an endless handler");
  count("--stuck-threads", options.stuck_threads, "threads that ignore stops");
  count("--stuck-processes", options.stuck_processes,
        "processes that ignore SIGTERM");
  count("--backlog", options.backlog,
        "messages of 0.1 ms in an actor's mailbox");
  count("--flush-ms", options.flush_ms, "how long the flush takes");
  count("--grace-ms", options.grace_ms, "how long workers may take to end");
  app.add_flag("--wait", options.wait,
               "close on SIGTERM or SIGINT instead of at once");
  app.add_flag("--json", options.json, "print the report as JSON");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 64;
  }
  auto code = run(options);
  std::cout.flush();
  std::fflush(stdout);
  // An abandoned worker still runs, and returning from `main` would wait for
  // it.
  std::_Exit(code);
}
