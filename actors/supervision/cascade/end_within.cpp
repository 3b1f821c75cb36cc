#include <hololoom/actors/supervision/ask.hpp>
#include <hololoom/actors/supervision/cascade.hpp>
#include <hololoom/actors/supervision/cascade/end_within.hpp>
#include <hololoom/actors/supervision/records/tree_place.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <algorithm>
#include <utility>

namespace hololoom {

namespace {

/// What is kept of a limit for the force, and as much for the root's own end.
caf::timespan reserve_of(caf::timespan limit) {
  return std::min<caf::timespan>(limit / 4, std::chrono::milliseconds{250});
}

} // namespace

caf::expected<shutdown_report> end_within(const supervisor_actor& root,
                                          caf::timespan limit) {
  auto* actor = root ? caf::actor_cast<caf::abstract_actor*>(root) : nullptr;
  auto* place = dynamic_cast<const supervision::tree_place*>(actor);
  if (!place || limit.count() <= 0)
    return failure(errc::invalid_spec,
                   "end_within needs a supervisor of this process, and a limit "
                   "of more than zero");
  cascade_plan plan;
  plan.root = root;
  plan.names = place->names.lock();
  // A tree that has ended has no directory: the report names no child.
  if (!plan.names)
    plan.names = std::make_shared<directory>();
  plan.path = place->path;
  auto reserve = reserve_of(limit);
  plan.limits.grace = limit - 2 * reserve;
  plan.limits.kill_wait = plan.limits.force = reserve;
  auto& system = root->home_system();
  auto cascade = spawn_cascade(system, std::move(plan));
  // The cascade keeps its limits itself.
  auto report =
    ask_and_wait<shutdown_report>(system, cascade, std::chrono::hours{24 * 365},
                                  begin_cascade{"end_within", "a program"});
  exit_high(cascade, caf::exit_reason::user_shutdown);
  return report;
}

} // namespace hololoom
