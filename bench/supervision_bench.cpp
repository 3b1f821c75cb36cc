// Starts, stops and restarts children under our supervisor and, as plain CAF
// actors, under a bare monitor. Prints JSON Lines; bench/supervision puts them
// beside Erlang's.

#include <hololoom/actors/supervision/cascade.hpp>
#include <hololoom/actors/supervision/supervisor.hpp>
#include <hololoom/messages/caf/actor_system.hpp>
#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/messages/caf/local_message.hpp>

#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <malloc.h>
#include <string>
#include <thread>
#include <vector>

using namespace hololoom;

namespace {

using clock_type = std::chrono::steady_clock;

/// Of each size; their medians count.
constexpr auto rounds = 5;
constexpr auto rounds_of_a_million = 3;

/// A tree of 10,000: so many supervisors below the root, with so many workers
/// each.
constexpr auto branches = 100;
constexpr auto leaves = 100;

double ms_since(clock_type::time_point t) {
  return std::chrono::duration<double, std::milli>(clock_type::now() - t)
    .count();
}

double resident_kib() {
  std::ifstream in{"/proc/self/statm"};
  long pages = 0;
  long resident = 0;
  in >> pages >> resident;
  return static_cast<double>(resident) * 4;
}

caf::behavior idle(caf::event_based_actor* self) {
  return {[self](caf::put_atom) {
    self->quit(failure(errc::crashed, "asked to"));
  }};
}

struct begin_start {};
struct begin_stop {};

} // namespace

HOLOLOOM_LOCAL_MESSAGE(2000, begin_start)
HOLOLOOM_LOCAL_MESSAGE(2001, begin_stop)

namespace {

/// The code of a CAF user without a supervisor.
struct bare_monitor {
  bare_monitor(caf::event_based_actor* actor, int children_wanted)
    : self(actor), n(children_wanted) {}

  caf::behavior make_behavior() {
    self->set_down_handler([this](const caf::down_msg&) {
      if (--alive == 0) {
        stopped.deliver(0);
        self->quit();
      }
    });
    return {[this](begin_start) {
              children.reserve(static_cast<std::size_t>(n));
              for (auto i = 0; i < n; ++i) {
                children.push_back(self->system().spawn(idle));
                self->monitor(children.back());
              }
              return alive = n;
            },
            [this](begin_stop) {
              stopped = self->make_response_promise<int>();
              for (auto& c : children)
                caf::anon_send_exit(c, caf::exit_reason::user_shutdown);
              children.clear();
              return stopped;
            }};
  }

  caf::event_based_actor* self;
  int n;
  int alive = 0;
  std::vector<caf::actor> children;
  caf::typed_response_promise<int> stopped;
};

void print(const char* who, int n, double start, double stop, double kib,
           const char* shape = "flat") {
  std::printf("{\"who\":\"%s\",\"shape\":\"%s\",\"children\":%d,"
              "\"start_ms\":%.2f,\"stop_ms\":%.2f,\"kib_per_child\":%.2f}\n",
              who, shape, n, start, stop, kib / n);
  std::fflush(stdout);
}

void plain(caf::actor_system& system, int n) {
  malloc_trim(0);
  auto before = resident_kib();
  caf::scoped_actor self{system};
  auto monitor = spawn_state<bare_monitor, caf::actor>(system, n);
  auto t = clock_type::now();
  self->request(monitor, caf::infinite, begin_start{})
    .receive([](int) {}, [](const caf::error&) {});
  auto start = ms_since(t);
  auto kib = resident_kib() - before;
  t = clock_type::now();
  self->request(monitor, caf::infinite, begin_stop{})
    .receive([](int) {}, [](const caf::error&) {});
  print("plain CAF", n, start, ms_since(t), kib);
}

/// On the scheduler's threads, or on one of its own as a loom's root is.
void supervised(caf::actor_system& system, int n, bool detached) {
  malloc_trim(0);
  auto before = resident_kib();
  std::vector<child_spec> specs;
  specs.reserve(static_cast<std::size_t>(n));
  child_spec spec;
  spec.start = [](const start_context& ctx) {
    return start_result::started(ctx.system->spawn(idle));
  };
  for (auto i = 0; i < n; ++i) {
    spec.name = "w" + std::to_string(i);
    specs.push_back(spec);
  }
  supervisor_options options;
  options.stop_order = stop_order::parallel;
  options.detached = detached;
  auto t = clock_type::now();
  auto sup = *start_supervisor(system, options, std::move(specs));
  auto start = ms_since(t);
  auto kib = resident_kib() - before;
  caf::scoped_actor self{system};
  t = clock_type::now();
  exit_high(sup, caf::exit_reason::user_shutdown);
  self->wait_for(sup);
  print(detached ? "detached" : "hololoom", n, start, ms_since(t), kib);
}

/// A tree's work, by monitors that know nothing of each other.
void plain_tree(caf::actor_system& system) {
  malloc_trim(0);
  auto before = resident_kib();
  caf::scoped_actor self{system};
  std::vector<caf::actor> monitors;
  monitors.reserve(branches);
  auto t = clock_type::now();
  for (auto i = 0; i < branches; ++i)
    monitors.push_back(spawn_state<bare_monitor, caf::actor>(system, leaves));
  auto ask_all = [&](auto what) {
    for (auto& m : monitors)
      self->send(m, what);
    auto answered = 0;
    self->receive_for(answered, branches)([](int) {});
  };
  ask_all(begin_start{});
  auto start = ms_since(t);
  auto kib = resident_kib() - before;
  t = clock_type::now();
  ask_all(begin_stop{});
  print("plain CAF", branches * leaves, start, ms_since(t), kib, "tree");
}

/// A tree, brought to its end by the shutdown cascade: all of its phases, the
/// flush excepted, for there is no buffer.
void cascaded(caf::actor_system& system) {
  malloc_trim(0);
  auto before = resident_kib();
  child_spec leaf;
  leaf.start = [](const start_context& ctx) {
    return start_result::started(ctx.system->spawn(idle));
  };
  std::vector<child_spec> children;
  for (auto i = 0; i < leaves; ++i) {
    leaf.name = "w" + std::to_string(i);
    children.push_back(leaf);
  }
  supervisor_options options;
  options.stop_order = stop_order::parallel;
  std::vector<child_spec> supervisors;
  cascade_plan plan;
  for (auto i = 0; i < branches; ++i) {
    options.name = "s" + std::to_string(i);
    supervisors.push_back(supervisor_child(options, children));
  }
  options.name = "root";
  options.detached = true;
  options.names = plan.names = std::make_shared<directory>();
  auto t = clock_type::now();
  plan.root = *start_supervisor(system, options, std::move(supervisors));
  auto start = ms_since(t);
  auto kib = resident_kib() - before;
  caf::scoped_actor self{system};
  t = clock_type::now();
  auto cascade = spawn_cascade(system, std::move(plan));
  self->request(cascade, caf::infinite, begin_cascade{"benchmark", "itself"})
    .receive(
      [&](const shutdown_report& report) {
        if (!report.abandoned.empty())
          std::fprintf(stderr, "%zu were let go\n", report.abandoned.size());
      },
      [](const caf::error& e) {
        std::fprintf(stderr, "%s\n", explain(e).c_str());
      });
  print("hololoom", branches * leaves, start, ms_since(t), kib, "tree");
  exit_high(cascade, caf::exit_reason::user_shutdown);
}

struct begin_crashes {};
struct was_started {
  caf::actor child;
};
struct restart_times {
  std::vector<double> micros;
};

} // namespace

HOLOLOOM_LOCAL_MESSAGE(2002, begin_crashes)
HOLOLOOM_LOCAL_MESSAGE(2003, was_started)
HOLOLOOM_LOCAL_MESSAGE(2004, restart_times)

namespace {

/// Crashes the child, each time as soon as it has been restarted, and keeps how
/// long that took. An actor, as it is a process in Erlang's benchmark: a thread
/// outside would measure how long it takes to wake the scheduler up.
struct crasher {
  crasher(caf::event_based_actor* actor, std::size_t rounds_wanted)
    : self(actor), left(rounds_wanted) {}

  caf::behavior make_behavior() {
    return {[this](begin_crashes) {
              done = self->make_response_promise<restart_times>();
              crash();
              return done;
            },
            [this](const was_started& x) {
              child = x.child;
              if (!done.pending())
                return;
              times.micros.push_back(ms_since(sent) * 1000);
              if (--left > 0)
                crash();
              else
                done.deliver(std::move(times));
            }};
  }

  void crash() {
    sent = clock_type::now();
    self->send(child, caf::put_atom{});
  }

  caf::event_based_actor* self;
  std::size_t left;
  caf::actor child;
  clock_type::time_point sent;
  restart_times times;
  caf::typed_response_promise<restart_times> done;
};

void restarts(caf::actor_system& system, std::size_t times) {
  auto driver = spawn_state<crasher, caf::actor>(system, times);
  child_spec spec;
  spec.name = "a";
  spec.start = [driver](const start_context& ctx) {
    auto child = ctx.system->spawn(idle);
    caf::anon_send(driver, was_started{child});
    return start_result::started(child);
  };
  supervisor_options options;
  options.intensity = static_cast<std::int64_t>(times) + 1;
  auto sup = *start_supervisor(system, options, {spec});
  caf::scoped_actor self{system};
  std::vector<double> micros;
  self->request(driver, caf::infinite, begin_crashes{})
    .receive([&](restart_times& x) { micros = std::move(x.micros); },
             [](const caf::error&) {});
  std::sort(micros.begin(), micros.end());
  std::printf("{\"who\":\"hololoom\",\"restarts\":%zu,\"median_us\":%.1f,"
              "\"p99_us\":%.1f}\n",
              micros.size(), micros[micros.size() / 2],
              micros[micros.size() * 99 / 100]);
  exit_high(sup, caf::exit_reason::user_shutdown);
}

} // namespace

int main(int argc, char** argv) {
  // An argument runs one of them alone, for a profiler.
  std::string only = argc > 1 ? argv[1] : "";
  caf::actor_system_config config;
  be_quiet(config);
  // As a loom's own system has it: see docs/supervision.md.
  set_policy(config, "sharing");
  caf::actor_system system{config};
  for (auto n : {1'000, 10'000, 100'000, 1'000'000}) {
    auto times = n < 1'000'000 ? rounds : rounds_of_a_million;
    for (auto round = 0; round < times; ++round) {
      if (only.empty() || only == "plain")
        plain(system, n);
      if (only.empty() || only == "hololoom")
        supervised(system, n, false);
      if (only.empty() || only == "detached")
        supervised(system, n, true);
    }
  }
  for (auto round = 0; round < rounds && (only.empty() || only == "tree");
       ++round) {
    plain_tree(system);
    cascaded(system);
  }
  if (only.empty() || only == "restarts")
    restarts(system, 2000);
  return 0;
}
