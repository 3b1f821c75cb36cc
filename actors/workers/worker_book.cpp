#include <hololoom/actors/workers/worker_book.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace hololoom::detail {

namespace {

/// So many ends are remembered.
constexpr std::size_t most_ended = 1000;

caf::error failure_of(std::string_view name, const std::string& reason) {
  return failure(errc::crashed,
                 "the worker '" + std::string{name} + "' failed: " + reason);
}

} // namespace

caf::error no_worker(std::string_view name) {
  return failure(errc::not_found,
                 "there is no background worker '" + std::string{name} + "'");
}

// -- one worker --------------------------------------------------------------------

void worker_book::on_end(std::function<void(const worker_end&)> f) {
  on_end_ = std::move(f);
}

void worker_book::keep(kept_worker x) {
  lock_guard guard{mutex_};
  worker kept;
  kept.order = ++last_;
  auto name = x.spec->name;
  kept.kept = std::move(x);
  workers_.emplace(std::move(name), std::move(kept));
}

void worker_book::started(const child_spec_ptr& spec) {
  lock_guard guard{mutex_};
  if (auto i = holder(spec); i != workers_.end())
    i->second.runs = true;
}

void worker_book::drop(const child_spec_ptr& spec, const caf::error& why) {
  worker_map::node_type dropped;
  {
    lock_guard guard{mutex_};
    if (auto i = holder(spec); i != workers_.end())
      dropped = workers_.extract(i);
  }
  if (dropped.empty())
    return;
  for (const auto& tell : dropped.mapped().waiters)
    tell(why);
  tell_of_room();
}

kept_worker worker_book::find(std::string_view name) const {
  lock_guard guard{mutex_};
  auto i = workers_.lower_bound(name);
  return i != workers_.end() && i->first == name ? i->second.kept
                                                 : kept_worker{};
}

kept_worker worker_book::find_given_up(std::string_view name) const {
  lock_guard guard{mutex_};
  const auto* end = last_end(name);
  return end ? end->given_up : kept_worker{};
}

void worker_book::retire(std::string_view name, bool by_force) {
  lock_guard guard{mutex_};
  if (auto i = oldest(name); i != workers_.end()) {
    auto& x = i->second;
    using mode = shutdown_policy::mode;
    x.retired = true;
    x.by_force =
      by_force || x.kept.spec->effective_shutdown().how == mode::brutal_kill;
  }
}

worker_book::worker_map::iterator worker_book::oldest(std::string_view name) {
  auto i = workers_.lower_bound(name);
  return i != workers_.end() && i->first == name ? i : workers_.end();
}

worker_book::worker_map::iterator
worker_book::holder(const child_spec_ptr& spec) {
  auto [first, last] = workers_.equal_range(spec->name);
  auto i = std::find_if(
    first, last, [&](const auto& x) { return x.second.kept.spec == spec; });
  return i != last ? i : workers_.end();
}

const worker_book::past* worker_book::last_end(std::string_view name) const {
  auto i = std::find_if(ended_.rbegin(), ended_.rend(),
                        [&](const past& x) { return x.name == name; });
  return i != ended_.rend() ? &*i : nullptr;
}

// -- its end -----------------------------------------------------------------------

void worker_book::heard(std::string_view name, const lifecycle_event& x) {
  if (heard_while_stopping(name, x))
    return;
  if (x.what == transition::gave_up)
    return end(name, failure_of(name, x.reason), true);
  auto spec = find(name).spec;
  if (x.what != transition::exited || !spec)
    return;
  auto in_order = ended_in_order(x);
  auto over = spec->restart == restart_type::temporary
           || (spec->restart == restart_type::transient && in_order);
  if (over)
    end(name, in_order ? caf::error{} : failure_of(name, x.reason));
}

/// Notes how a worker ends that somebody stops.
/// @returns whether it is one.
bool worker_book::heard_while_stopping(std::string_view name,
                                       const lifecycle_event& x) {
  lock_guard guard{mutex_};
  auto i = oldest(name);
  if (i == workers_.end() || !i->second.retired)
    return false;
  auto& ending = i->second;
  auto who = "the worker '" + std::string{name} + "'";
  if (x.what == transition::abandoned)
    ending.how = failure(
      errc::stuck, who + " could not be stopped, and was let go: " + x.reason);
  else if (x.what == transition::killed && !ending.by_force)
    ending.how =
      failure(errc::stuck, who + " did not end in time, and was killed");
  else if (x.what == transition::exited && !ended_in_order(x))
    ending.how = failure_of(name, x.reason);
  return true;
}

caf::error worker_book::stopped(std::string_view name) {
  caf::error how;
  {
    lock_guard guard{mutex_};
    if (auto i = oldest(name); i != workers_.end())
      how = i->second.how;
    else if (const auto* last = last_end(name))
      return last->why;
  }
  end(name, how);
  return how;
}

void worker_book::failed_to_start(std::string_view name,
                                  const caf::error& why) {
  end(name, why);
}

void worker_book::end(std::string_view name, const caf::error& why,
                      bool given_up) {
  worker_end result;
  // What a spec captures is released outside of the lock, and not kept longer
  // than its supervisor keeps it.
  worker_map::node_type ended;
  past forgotten;
  {
    lock_guard guard{mutex_};
    auto i = oldest(name);
    if (i == workers_.end())
      return;
    ended = workers_.extract(i);
    result.was_last = workers_.empty();
    const auto& kept = ended.mapped().kept;
    ended_.push_back({ended.key(), why, given_up ? kept : kept_worker{}});
    if (ended_.size() > most_ended) {
      forgotten = std::move(ended_.front());
      ended_.pop_front();
    }
  }
  const auto& x = ended.mapped();
  result.name = ended.key();
  result.why = why;
  // Who stops one means its end, and is told how.
  result.essential = x.kept.essential && !x.retired;
  result.in_tree = x.kept.spec->restart == restart_type::transient;
  for (const auto& tell : x.waiters)
    tell(why);
  if (on_end_)
    on_end_(result);
  tell_of_room();
}

caf::error worker_book::when_ended(std::string_view name, waiter f) {
  caf::error why;
  {
    lock_guard guard{mutex_};
    if (auto i = oldest(name); i != workers_.end()) {
      i->second.waiters.push_back(std::move(f));
      return {};
    }
    const auto* end = last_end(name);
    if (!end)
      return no_worker(name);
    why = end->why;
  }
  f(why);
  return {};
}

// -- all of them -------------------------------------------------------------------

void worker_book::end_all(
  const std::function<caf::error(const std::string& name)>& why) {
  worker_map all;
  {
    lock_guard guard{mutex_};
    all.swap(workers_);
  }
  for (const auto& [name, x] : all)
    for (const auto& tell : x.waiters)
      tell(why(name));
}

std::size_t worker_book::size() const {
  lock_guard guard{mutex_};
  return workers_.size();
}

void worker_book::when_at_most(std::size_t most, std::function<void()> f) {
  {
    lock_guard guard{mutex_};
    wait_for_room_.emplace_back(most, std::move(f));
  }
  tell_of_room();
}

void worker_book::tell_of_room() {
  decltype(wait_for_room_) told;
  {
    lock_guard guard{mutex_};
    auto there = workers_.size();
    auto first =
      std::stable_partition(wait_for_room_.begin(), wait_for_room_.end(),
                            [there](const auto& x) { return x.first < there; });
    told.assign(std::make_move_iterator(first),
                std::make_move_iterator(wait_for_room_.end()));
    wait_for_room_.erase(first, wait_for_room_.end());
  }
  for (const auto& [most, tell] : told)
    tell();
}

std::vector<child_spec> worker_book::specs_for_restart() {
  std::map<std::uint64_t, child_spec_ptr> in_order;
  std::vector<std::string> gone;
  {
    lock_guard guard{mutex_};
    for (auto i = workers_.begin(); i != workers_.end(); ++i) {
      const auto& [name, x] = *i;
      if (x.kept.spec->restart != restart_type::temporary) {
        // Of two with a name, the first one is the one that ran.
        if (!x.retired && oldest(name) == i)
          in_order.emplace(x.order, x.kept.spec);
      } else if (x.runs) {
        gone.push_back(name);
      }
    }
  }
  for (const auto& name : gone)
    end(name, failure_of(name, "its supervisor was restarted, and it is "
                               "temporary"));
  std::vector<child_spec> result;
  result.reserve(in_order.size());
  for (const auto& [order, spec] : in_order)
    result.push_back(*spec);
  return result;
}

} // namespace hololoom::detail
