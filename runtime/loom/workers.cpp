#include <hololoom/runtime/loom/loom_impl.hpp>

#include <caf/send.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

// The background workers that a loom is given: kept until they are stopped,
// given up, or done.

namespace hololoom::detail {

namespace {

std::string path_of_worker(std::string_view name) {
  return path_of(part::workers) + "/" + std::string{name};
}

} // namespace

// -- starting ----------------------------------------------------------------------

std::future<caf::expected<child_started>>
loom_impl::start_worker(background work) {
  auto essential = work.is_essential();
  auto spec = to_child_spec(std::move(work));
  if (!spec.give_up_after)
    spec.give_up_after = rate_of(cfg_.workers);
  kept_worker kept{std::make_shared<const child_spec>(std::move(spec)),
                   essential};
  workers_->keep(kept);
  return start_kept(kept);
}

std::future<caf::expected<child_started>>
loom_impl::start_kept(const kept_worker& x) {
  auto promise = std::make_shared<std::promise<caf::expected<child_started>>>();
  auto result = promise->get_future();
  // An earlier one of that name which does not run any more makes way.
  bridge_->ask_then<acknowledged>(actor_of(part::workers),
                                  caf::make_message(delete_child{x.spec->name}),
                                  [](const caf::expected<acknowledged>&) {});
  bridge_->ask_then<child_started>(
    actor_of(part::workers), caf::make_message(start_child{x.spec}),
    [promise, spec = x.spec, book = workers_](caf::expected<child_started> y) {
      y ? book->started(spec) : book->drop(spec, y.error());
      promise->set_value(std::move(y));
    },
    [admission = admission_](const caf::error& why) {
      return admission->failure_of(why);
    });
  return result;
}

// -- stopping ----------------------------------------------------------------------

caf::error loom_impl::stop_worker(const std::string& name, bool by_force) {
  workers_->retire(name, by_force);
  auto stopped =
    ask<supervisor_actor, terminate_child>(part::workers, {name, by_force})
      .get();
  auto how = workers_->stopped(name);
  if (!stopped)
    return std::move(stopped.error());
  // A temporary one is forgotten already.
  ask<supervisor_actor, delete_child>(part::workers, {name}).wait();
  return how;
}

caf::expected<child_started>
loom_impl::restart_worker(const std::string& name) {
  auto kept = workers_->find(name);
  if (!kept.spec) {
    kept = workers_->find_given_up(name);
    if (!kept.spec)
      return no_worker(name);
    workers_->keep(kept);
    return start_kept(kept).get();
  }
  auto stopped =
    ask<supervisor_actor, terminate_child>(part::workers, {name}).get();
  if (!stopped)
    return std::move(stopped.error());
  // One that failed on the way down has ended for good, and begins anew.
  if (!workers_->find(name).spec)
    workers_->keep(kept);
  return start_kept(kept).get();
}

// -- waiting -----------------------------------------------------------------------

std::future<caf::error> loom_impl::await_worker(const std::string& name) {
  auto promise = std::make_shared<std::promise<caf::error>>();
  auto result = promise->get_future();
  auto tell = [promise](const caf::error& why) {
    promise->set_value(why);
  };
  if (auto err = workers_->when_ended(name, tell))
    promise->set_value(std::move(err));
  return result;
}

void loom_impl::close_when_done() {
  closes_when_done_ = true;
  if (workers_->empty())
    close("no background worker is left", "");
}

caf::expected<caf::strong_actor_ptr>
loom_impl::stand_in(std::string_view name) const {
  // A worker's path is known even while its supervisor restarts.
  auto path =
    workers_->find(name).spec ? path_of_worker(name) : std::string{name};
  return names_->stand_in(*system_, path);
}

// -- their ends --------------------------------------------------------------------

void loom_impl::watch_workers() {
  workers_->on_end([me = weak_from_this()](const worker_end& x) {
    if (auto self = me.lock())
      self->worker_ended(x);
  });
  auto hear = [book = workers_,
               folder = path_of_worker("")](const lifecycle_event& x) {
    if (x.path.starts_with(folder))
      book->heard(std::string_view{x.path}.substr(folder.size()), x);
  };
  events_->observe(hear, {transition::exited, transition::gave_up,
                          transition::killed, transition::abandoned});
}

void loom_impl::worker_ended(const worker_end& x) {
  if (admission_->closes())
    return;
  // One that has done its work does not stay in the tree for ever.
  if (x.in_tree && !x.why)
    if (auto workers = find(part::workers))
      caf::anon_send(workers, delete_child{x.name});
  if (x.why && x.essential)
    fail(explain(x.why), "the worker '" + x.name + "', which is essential");
  else if (x.was_last && closes_when_done_)
    close("no background worker is left", "");
}

void loom_impl::end_waits_for_workers(const shutdown_report& report) {
  workers_->end_all([&](const std::string& name) {
    const auto& left = report.abandoned;
    auto there =
      std::find(left.begin(), left.end(), path_of_worker(name)) != left.end();
    return there ? failure(errc::stuck,
                           "the worker '" + name + "' could not be stopped")
                 : caf::error{};
  });
}

} // namespace hololoom::detail
