#include <hololoom/actors/supervision/records/tree_place.hpp>
#include <hololoom/actors/supervision/shell/supervisor_state.hpp>
#include <hololoom/actors/supervision/supervisor.hpp>
#include <hololoom/actors/supervision/supervisor_code.hpp>
#include <hololoom/messages/caf/compat.hpp>
#include <hololoom/messages/caf/put.hpp>

#include <caf/scoped_actor.hpp>
#include <caf/system_messages.hpp>

#include <cstddef>
#include <utility>

namespace hololoom {

namespace {

using supervision::child_specs;
using supervision::supervisor_impl;
using supervision::supervisor_setup;
using supervision::supervisor_state;

/// The actor of a supervisor: marks its thread while it runs.
class supervising final
  : public state_actor<supervisor_state, supervisor_impl::base>,
    public supervision::tree_place {
public:
  supervising(caf::actor_config& cfg, supervisor_setup setup)
    : supervising(cfg, tree_place{setup.options.names, setup.path}, setup) {}

  resume_result resume(execution_unit* unit, std::size_t most) override {
    supervisor_code mark;
    return state_actor::resume(unit, most);
  }

private:
  supervising(caf::actor_config& cfg, tree_place place, supervisor_setup& setup)
    : state_actor(cfg, std::move(setup)), tree_place(std::move(place)) {}
};

child_specs shared(std::vector<child_spec> children) {
  auto result = std::make_shared<std::vector<child_spec_ptr>>();
  result->reserve(children.size());
  for (auto& c : children)
    result->push_back(std::make_shared<const child_spec>(std::move(c)));
  return result;
}

supervisor_actor spawn(caf::actor_system& system, supervisor_setup setup) {
  auto& o = setup.options;
  if (!o.events)
    o.events = std::make_shared<event_bus>();
  auto result = o.detached
                ? system.spawn<supervising, caf::detached>(std::move(setup))
                : system.spawn<supervising>(std::move(setup));
  return caf::actor_cast<supervisor_actor>(result);
}

} // namespace

caf::expected<supervisor_actor>
spawn_supervisor(caf::actor_system& system, supervisor_options options,
                 std::vector<child_spec> children) {
  if (auto problem = check(options, children))
    return problem->to_error();
  if (!options.names)
    options.names = std::make_shared<directory>();
  auto path = options.name;
  auto claim = options.names->claim_root(path);
  if (!claim)
    return failure(errc::already_started,
                   "a supervisor called '" + path
                     + "' runs already in this directory; end it first, or "
                       "give this one another name or a directory of its own");
  return spawn(system,
               {std::move(options), std::move(path),
                shared(std::move(children)), std::nullopt, std::move(claim)});
}

caf::expected<supervisor_actor>
start_supervisor(caf::actor_system& system, supervisor_options options,
                 std::vector<child_spec> children) {
  auto result =
    spawn_supervisor(system, std::move(options), std::move(children));
  if (!result)
    return result;
  caf::scoped_actor self{system};
  self->monitor(*result);
  auto runs = false;
  self->request(*result, caf::infinite, await_running{})
    .receive([&](const acknowledged&) { runs = true; },
             [](const caf::error&) {
               // It may be gone already; its down says why.
             });
  if (runs) {
    self->demonitor(result->address());
    return result;
  }
  caf::error problem;
  self->receive([&](caf::down_msg& msg) { problem = std::move(msg.reason); });
  return problem;
}

child_spec supervisor_child(supervisor_options options,
                            std::vector<child_spec> children,
                            restart_type restart) {
  child_spec spec;
  spec.name = options.name;
  spec.type = child_type::supervisor;
  spec.kind = "supervisor";
  spec.restart = restart;
  spec.start_limit = std::chrono::hours{1};
  if (options.stop_limit.count() > 0)
    spec.stop_bound = options.stop_limit + options.kill_wait;
  else if (auto bound = stop_bound(options, children))
    spec.stop_bound = *bound;
  auto problem = check(options, children);
  if (problem)
    spec.flaw = problem->sentence;
  auto specs = shared(std::move(children));
  spec.start = [options = std::move(options), specs,
                problem](const start_context& ctx) {
    if (problem)
      return start_result::failure(problem->to_error());
    auto mine = options;
    mine.names = ctx.names;
    mine.events = ctx.events;
    auto result = start_result::pending(
      spawn(*ctx.system, {std::move(mine), ctx.path, specs, ctx, nullptr}));
    result.nested = true;
    return result;
  };
  return spec;
}

} // namespace hololoom
