#pragma once

#include "support/actor_fixture.hpp"

#include <hololoom/actors/supervision/directory.hpp>
#include <hololoom/actors/supervision/supervisor.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <map>
#include <string>
#include <vector>

namespace hololoom::test {

using namespace std::chrono_literals;

/// How a child of the tests takes an exit signal.
enum class manners {
  obeys,   ///< Ends by shutdown.
  ignores, ///< Never ends by itself.
  normal,  ///< Ends by normal.
  crashes, ///< Ends by an error.
};

/// What the children of a test did, in order.
struct record {
  std::vector<std::string> starts;
  std::vector<std::string> exits; ///< "name:reason"
  std::map<std::string, caf::actor> current;
  std::map<std::string, int> running; ///< Incarnations alive at a time.
  int doubles = 0;                    ///< Starts beside a living one.
};

using record_ptr = std::shared_ptr<record>;

inline std::string reason_name(const caf::error& e) {
  if (!e || e == caf::exit_reason::normal)
    return "normal";
  if (e == caf::exit_reason::user_shutdown)
    return "shutdown";
  if (e == caf::exit_reason::kill)
    return "killed";
  return "crash";
}

struct child_state_machine {
  child_state_machine(caf::event_based_actor* me, manners takes_it)
    : self(me), how(takes_it) {}

  caf::behavior make_behavior() {
    self->set_exit_handler([this](caf::exit_msg& msg) {
      switch (how) {
        case manners::obeys: return self->quit(msg.reason);
        case manners::ignores: return;
        case manners::normal: return self->quit();
        case manners::crashes:
          return self->quit(failure(errc::internal, "boom"));
      }
    });
    return {[this](caf::put_atom, int reason) {
              switch (reason) {
                case 0: return self->quit();
                case 1: return self->quit(caf::exit_reason::user_shutdown);
                default: return self->quit(failure(errc::internal, "crash"));
              }
            },
            [this](caf::get_atom) { return self->id(); },
            [](int x) { return x; },
            [this](caf::link_atom) {
              self->make_response_promise<int>();
            }};
  }

  caf::event_based_actor* self;
  manners how;
};

/// Speaks for a thread that a kill does not end, until it returns.
struct thread_like : child_probe {
  std::optional<work_note> doing() const override {
    return work_note{"counting sheep", std::chrono::steady_clock::now()};
  }
  bool can_be_killed() const override { return !running; }
  void force() override { ++forces; }
  bool running = true;
  int forces = 0;
};

/// A supervisor on virtual time whose children write down what they do.
class supervision_fixture : public actor_fixture {
public:
  /// A child that starts at once.
  child_spec worker(std::string name, manners how = manners::obeys) {
    child_spec spec;
    spec.name = name;
    spec.start = [this, how](const start_context& ctx) {
      return start_result::started(make(ctx, how));
    };
    return spec;
  }

  /// The actor behind a worker, for factories of a test's own.
  caf::actor make(const start_context& ctx, manners how = manners::obeys) {
    auto name = ctx.path.substr(ctx.path.rfind('/') + 1);
    auto hdl = spawn<child_state_machine, caf::actor>(how);
    log->starts.push_back(name);
    log->current[name] = hdl;
    if (log->running[name]++ > 0)
      ++log->doubles;
    hdl->attach_functor([log = log, name](const caf::error& reason) {
      log->exits.push_back(name + ":" + reason_name(reason));
      --log->running[name];
    });
    return hdl;
  }

  supervisor_actor supervise(supervisor_options options,
                             std::vector<child_spec> children) {
    options.names = names;
    options.events = events;
    auto sup =
      spawn_supervisor(system, std::move(options), std::move(children));
    if (!sup)
      throw std::runtime_error(explain(sup.error()));
    run();
    return track(*sup);
  }

  enum ending { normal = 0, shutdown = 1, crash = 2 };

  /// Ends the current incarnation of a child.
  void end(const std::string& name, ending why = crash) {
    tell(log->current[name], caf::put_atom{}, static_cast<int>(why));
  }

  void stop(const supervisor_actor& sup) {
    exit_high(sup, caf::exit_reason::user_shutdown);
    run();
  }

  /// "a:running b:stopped"
  std::string states(const supervisor_actor& sup) {
    auto list = ask<child_list>(sup, which_children{});
    if (!list)
      return "down";
    std::string result;
    for (const auto& c : list->children)
      result += (result.empty() ? "" : " ") + c.name + ":"
              + std::string{name_of(c.state)};
    return result;
  }

  errc start_error(const supervisor_actor& sup, child_spec spec) {
    auto x = ask<child_started>(
      sup, start_child{std::make_shared<const child_spec>(std::move(spec))});
    return x ? errc::none : code_of(x.error());
  }

  /// Watches an actor; the result is its reason once it is down.
  template <class Handle>
  std::shared_ptr<std::string> watch(const Handle& x) {
    auto result = std::make_shared<std::string>();
    x->attach_functor(
      [result](const caf::error& reason) { *result = reason_name(reason); });
    return result;
  }

  using strings = std::vector<std::string>;

  record_ptr log = std::make_shared<record>();
  std::shared_ptr<directory> names = std::make_shared<directory>();
  std::shared_ptr<event_bus> events = std::make_shared<event_bus>();
};

} // namespace hololoom::test
