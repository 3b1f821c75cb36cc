#include <hololoom/runtime/loom/loom_impl.hpp>

#include <caf/send.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

// The background workers that a loom is given: kept until they are stopped,
// given up, or done.

namespace hololoom::detail {

std::future<caf::expected<child_started>>
loom_impl::start_worker(child_spec spec) {
  if (!spec.give_up_after)
    spec.give_up_after = default_rate(cfg_);
  auto shared = std::make_shared<const child_spec>(std::move(spec));
  auto promise = std::make_shared<std::promise<caf::expected<child_started>>>();
  auto result = promise->get_future();
  // An earlier one of that name which does not run any more makes way.
  bridge_->ask_then<acknowledged>(actor_of(part::workers),
                                  caf::make_message(delete_child{shared->name}),
                                  [](const caf::expected<acknowledged>&) {});
  workers_->keep(shared);
  bridge_->ask_then<child_started>(
    actor_of(part::workers), caf::make_message(start_child{shared}),
    [promise, shared, book = workers_](caf::expected<child_started> x) {
      if (!x)
        book->drop(shared);
      promise->set_value(std::move(x));
    },
    [admission = admission_](const caf::error& why) {
      return admission->failure_of(why);
    });
  return result;
}

caf::error loom_impl::stop_worker(const std::string& name) {
  workers_->forget(name);
  auto stopped =
    ask<supervisor_actor, terminate_child>(part::workers, {name}).get();
  if (!stopped)
    return std::move(stopped.error());
  // A temporary one is forgotten already.
  ask<supervisor_actor, delete_child>(part::workers, {name}).wait();
  return {};
}

void loom_impl::watch_workers() {
  auto forget = [book = workers_, names = std::weak_ptr{names_},
                 folder =
                   path_of(part::workers) + "/"](const lifecycle_event& x) {
    if (!x.path.starts_with(folder))
      return;
    auto name = x.path.substr(folder.size());
    if (x.what == transition::gave_up)
      return book->forget(name);
    if (!ended_in_order(x) || !book->forget_transient(name))
      return;
    // It has done its work: it does not stay in the tree for ever.
    if (auto all = names.lock())
      if (auto workers = all->get<supervisor_actor>(path_of(part::workers)))
        caf::anon_send(*workers, delete_child{std::move(name)});
  };
  events_->observe(forget, {transition::exited, transition::gave_up});
}

} // namespace hololoom::detail
