#include <hololoom/actors/supervision/cascade/force_phase.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace hololoom {

namespace {

/// How long the supervisors may take to see that their children are down, and
/// how long at least.
constexpr auto tree_wait = std::chrono::milliseconds{100};
constexpr auto least_tree_wait = std::chrono::milliseconds{10};

/// Those of `supervisors` that have none of the others below.
std::vector<living_child>
lowest_of(const std::vector<living_child>& supervisors) {
  std::vector<living_child> result;
  for (const auto& x : supervisors) {
    auto below = [&](const living_child& y) {
      return y.path.starts_with(x.path + "/");
    };
    if (std::none_of(supervisors.begin(), supervisors.end(), below))
      result.push_back(x);
  }
  return result;
}

} // namespace

void force_phase::begin() {
  // Some that were abandoned before may be there, or may end now.
  const auto& plan = run_.plan;
  run_.force(
    plan.names->claim(plan.path, plan.stores, plan.names->ledger().abandoned()),
    run_.signaled, [this] { await_tree(); });
}

void force_phase::tree_is_down(maybe<std::string> problem) {
  // A force that is under way goes on: its children may outlive the root.
  if (waits_for_tree_)
    run_.done(std::move(problem));
  else if (!problem)
    run_.forced.look();
}

/// Supervisors end when they see that their children are down.
void force_phase::await_tree() {
  if (run_.phase != cascade_phase::force || run_.is_over())
    return;
  if (run_.tree_is_down)
    return run_.done();
  waits_for_tree_ = true;
  left_ = run_.plan.names->count(run_.plan.path);
  run_.arm(tree_step());
}

/// Those that do not see it are stuck, the lowest first: one above them may
/// only wait for them.
void force_phase::limit_reached() {
  if (!waits_for_tree_)
    return;
  const auto& names = *run_.plan.names;
  auto left = names.count(run_.plan.path);
  auto fewer = left < std::exchange(left_, left);
  auto step = tree_step();
  if (fewer && step > millis{least_tree_wait})
    return run_.arm(step);
  auto supervisors = names.supervisors(run_.plan.path);
  std::erase_if(supervisors, [this](const living_child& x) {
    return let_go_.contains(x.path) || run_.is_store(x.path);
  });
  auto stuck = lowest_of(supervisors);
  if (!stuck.empty()) {
    for (const auto& x : stuck)
      let_go_.insert(x.path);
    run_.arm(step);
    return run_.forced.abandon(stuck);
  }
  run_.root_is_stuck = true;
  run_.root_hears = false;
  run_.done(std::string{"the root supervisor did not answer in time"});
}

/// The levels of the tree share what is left of the force.
millis force_phase::tree_step() const {
  std::set<std::ptrdiff_t> levels{0};
  for (const auto& x : run_.plan.names->supervisors(run_.plan.path))
    levels.insert(std::count(x.path.begin(), x.path.end(), '/'));
  auto left = run_.plan.limits.force - run_.since(run_.entered);
  return std::clamp<millis>(left / levels.size(), least_tree_wait, tree_wait);
}

} // namespace hololoom
