#include "hostile/ending.hpp"
#include "hostile/random/guests.hpp"
#include "hostile/random/truth.hpp"

#include <hololoom/actors/supervision/supervisor.hpp>
#include <hololoom/actors/workers/background.hpp>
#include <hololoom/messages/caf/compat.hpp>
#include <hololoom/messages/caf/local_message.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <csignal>
#include <pthread.h>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace std::chrono_literals;

namespace hololoom::hostile {

namespace {

/// Does what its worker does next.
struct act {};

} // namespace

} // namespace hololoom::hostile

HOLOLOOM_LOCAL_MESSAGE(1990, hololoom::hostile::act)

namespace hololoom::hostile {

namespace {

/// Where a worker is in its tree.
struct place {
  explicit place(const start_context& ctx)
    : path(ctx.path), incarnation(ctx.incarnation) {}

  std::string path;
  std::int64_t incarnation;
};

constexpr ms for_ever = 24h;

/// The thread shows in /proc whom it belongs to: "h-" and the last of the path.
[[noreturn]] void block(const std::string& path) {
  auto name = "h-" + path.substr(path.rfind('/') + 1);
  ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
  for (;;)
    std::this_thread::sleep_for(1h);
}

std::runtime_error on_purpose() {
  return std::runtime_error{"on purpose"};
}

// -- actors -------------------------------------------------------------------

class random_actor {
public:
  random_actor(caf::event_based_actor* self, tree_node x, place at)
    : self_(self),
      x_(std::move(x)),
      at_(std::move(at)),
      life_(at_.path, at_.incarnation) {}

  caf::behavior make_behavior() {
    self_->set_exit_handler([this](const caf::exit_msg&) { told(); });
    if (x_.conduct == conduct::blocks || x_.conduct == conduct::ends
        || x_.conduct == conduct::crashes)
      self_->delayed_send(self_, x_.after, act{});
    return {[this](act) {
      next();
    }};
  }

private:
  void told() {
    if (x_.conduct == conduct::ignores || asked_)
      return;
    asked_ = true;
    if (x_.conduct == conduct::dawdles)
      self_->delayed_send(self_, x_.lasts, act{});
    else
      quit(caf::exit_reason::user_shutdown);
  }

  void next() {
    if (asked_)
      return quit(caf::exit_reason::user_shutdown);
    if (x_.conduct == conduct::blocks)
      block(at_.path);
    if (x_.conduct == conduct::ends)
      return quit(caf::exit_reason::normal);
    life_.ends(last_word::crash);
    throw on_purpose();
  }

  void quit(caf::exit_reason why) {
    life_.ends(last_word::own);
    self_->quit(why);
  }

  caf::event_based_actor* self_;
  tree_node x_;
  place at_;
  life life_;
  bool asked_ = false;
};

caf::actor spawn_random(caf::actor_system& system, const tree_node& x,
                        const place& at) {
  return spawn_state<random_actor, caf::actor>(system, x, at);
}

// -- coroutines ---------------------------------------------------------------

/// Ends when it is told to, in its way.
task end_in_turn(task_context ctx, const tree_node& x) {
  auto shield = ctx.shield();
  if (x.conduct == conduct::dawdles)
    co_await ctx.sleep_for(x.lasts);
  while (x.conduct == conduct::ignores)
    co_await ctx.sleep_for(1h);
}

task random_coroutine(task_context ctx, tree_node x, place at) {
  life mine{at.path, at.incarnation};
  auto acts = x.conduct == conduct::blocks || x.conduct == conduct::ends
           || x.conduct == conduct::crashes;
  auto told = false;
  try {
    if (acts)
      co_await ctx.sleep_for(x.after);
    while (!acts)
      co_await ctx.sleep_for(1h);
  } catch (const cancelled&) {
    told = true;
  }
  if (told) {
    co_await end_in_turn(ctx, x);
  } else if (x.conduct == conduct::blocks) {
    block(at.path);
  } else if (x.conduct == conduct::crashes) {
    mine.ends(last_word::crash);
    throw on_purpose();
  }
  mine.ends(last_word::own);
}

// -- threads ------------------------------------------------------------------

background random_periodic(const tree_node& x, const place& at) {
  // The function's copies go when the worker has ended.
  auto mine = std::make_shared<life>(at.path, at.incarnation);
  mine->ends(last_word::own);
  auto begun = std::chrono::steady_clock::now();
  auto run = [x, at, mine, begun] {
    auto due = std::chrono::steady_clock::now() - begun >= x.after;
    if (x.conduct == conduct::dawdles)
      std::this_thread::sleep_for(x.on_thread ? x.lasts : x.lasts / 10);
    if (x.conduct == conduct::blocks && due)
      block(at.path);
    if ((x.conduct == conduct::ends || x.conduct == conduct::crashes) && due)
      throw on_purpose();
  };
  return background::periodic(x.name, 5ms, run, {.may_block = x.on_thread});
}

void random_thread(const std::stop_token& stop, const tree_node& x,
                   const place& at) {
  life mine{at.path, at.incarnation};
  auto acts = x.conduct == conduct::ends || x.conduct == conduct::crashes
           || x.conduct == conduct::blocks;
  told_within(stop, acts ? x.after : for_ever);
  if (x.conduct == conduct::blocks)
    block(at.path);
  if (x.conduct == conduct::dawdles)
    std::this_thread::sleep_for(x.lasts);
  if (x.conduct == conduct::crashes && !stop.stop_requested()) {
    mine.ends(last_word::crash);
    throw on_purpose();
  }
  mine.ends(last_word::own);
}

background random_blocking(const tree_node& x, const place& at) {
  return background::blocking(x.name, [x, at](const std::stop_token& stop) {
    random_thread(stop, x, at);
  });
}

// -- processes ----------------------------------------------------------------

[[noreturn]] void stay() {
  std::signal(SIGTERM, SIG_IGN);
  for (;;)
    ::pause();
}

int random_process(const process_context& context) {
  keep_truth_as_parent_does();
  const auto& args = context.arguments();
  auto mine = "process:" + args.at(0);
  auto how = static_cast<conduct>(std::stoi(args.at(1)));
  auto after = ms{std::stoi(args.at(2))};
  auto lasts = ms{std::stoi(args.at(3))};
  auto stop = context.stop_token();
  auto uid = static_cast<std::uint64_t>(::getpid());
  write_truth('b', mine, uid);
  if (how == conduct::leaves && ::fork() == 0)
    stay();
  if (how == conduct::ignores || how == conduct::blocks)
    stay();
  auto acts = how == conduct::ends || how == conduct::crashes;
  told_within(stop, acts ? after : for_ever);
  if (how == conduct::dawdles)
    std::this_thread::sleep_for(lasts);
  auto crashes = how == conduct::crashes && !stop.stop_requested();
  write_truth(static_cast<char>(crashes ? last_word::crash : last_word::own),
              mine, uid);
  return crashes ? 3 : 0;
}

background process_of(const tree_node& x, const place& at) {
  return background::process(
    x.name, {.function = "random",
             .arguments = {incarnation_of(at.path, at.incarnation),
                           std::to_string(static_cast<int>(x.conduct)),
                           std::to_string(x.after.count()),
                           std::to_string(x.lasts.count())}});
}

// -- specs --------------------------------------------------------------------

start_result start(const tree_node& x, const start_context& ctx) {
  place at{ctx};
  auto made = [&]() -> background {
    switch (x.kind) {
      case worker_kind::coroutine:
        return background::coroutine(x.name, [x, at](task_context task) {
          return random_coroutine(task, x, at);
        });
      case worker_kind::periodic: return random_periodic(x, at);
      case worker_kind::blocking: return random_blocking(x, at);
      case worker_kind::process: return process_of(x, at);
      case worker_kind::actor: break;
    }
    return background::actor(x.name, [x, at](caf::actor_system& system) {
      return spawn_random(system, x, at);
    });
  };
  return to_child_spec(made()).start(ctx);
}

start_result open(const tree_node& x, const start_context& ctx) {
  switch (x.opening) {
    case opening::prompt: break;
    case opening::slow: std::this_thread::sleep_for(x.opening_takes); break;
    case opening::fails:
      return start_result::failure(failure(errc::unavailable, "on purpose"));
    case opening::throws: throw on_purpose();
    case opening::pending:
      return start_result::pending(spawn_random(*ctx.system, x, place{ctx}));
    case opening::hangs: {
      auto supervisor = ctx.path.substr(0, ctx.path.rfind('/'));
      life hung{supervisor};
      block(supervisor);
    }
  }
  return start(x, ctx);
}

child_spec worker_spec(const tree_node& x) {
  constexpr const char* kinds[]{"actor", "coroutine", "periodic", "blocking",
                                "process"};
  child_spec spec;
  spec.kind = kinds[static_cast<int>(x.kind)];
  if (x.replaced && x.kind != worker_kind::process)
    spec.stuck = {.limit = 40ms, .replace = true};
  spec.start = [x](const start_context& ctx) {
    return open(x, ctx);
  };
  return spec;
}

child_spec supervisor_spec(const tree_node& x) {
  std::vector<child_spec> children;
  for (const auto& y : x.children)
    children.push_back(spec_of(y));
  auto spec = supervisor_child(*x.options, std::move(children));
  if (x.started_later > 0)
    spec.start = [start = spec.start,
                  count = x.started_later](const start_context& ctx) {
      auto result = start(ctx);
      for (int i = 0; i < count && result.handle; ++i)
        caf::anon_send(caf::actor_cast<caf::actor>(result.handle),
                       start_child{});
      return result;
    };
  return spec;
}

} // namespace

child_spec spec_of(const tree_node& x) {
  auto spec = x.options ? supervisor_spec(x) : worker_spec(x);
  spec.name = x.name;
  spec.restart = x.restart;
  spec.shutdown = x.shutdown;
  spec.backoff = x.backoff;
  return spec;
}

void register_random_processes() {
  register_process_function("random", random_process);
}

} // namespace hololoom::hostile
