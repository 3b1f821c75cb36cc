#include <hololoom/actors/supervision/supervisor_code.hpp>
#include <hololoom/actors/workers/awaiting_drain.hpp>
#include <hololoom/runtime/loom.hpp>
#include <hololoom/runtime/loom/loom_impl.hpp>
#include <hololoom/runtime/signals.hpp>

#include <memory>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

namespace hololoom {

namespace {

template <class T>
loom::promised<T> refused(caf::error why) {
  std::promise<caf::expected<T>> promise;
  promise.set_value(std::move(why));
  return promise.get_future();
}

/// Null for a loom that was moved from.
using impl_ptr = std::shared_ptr<detail::loom_impl>;

caf::error moved_from() {
  return failure(errc::closed, "this loom was moved from: use the one that it "
                               "was moved to");
}

caf::error supervisor_would_wait() {
  return failure(errc::unavailable,
                 "this thread is a supervisor's, which would wait for itself: "
                 "in a factory, a probe or a destructor, call the form that "
                 "ends in _async");
}

/// Why a call that waits for the workers' supervisor is not made.
caf::error refusal_to_wait(const impl_ptr& impl) {
  if (supervisor_code::runs_here())
    return supervisor_would_wait();
  return impl ? impl->refusal() : moved_from();
}

/// Sends `request` to a part, unless the loom takes no work.
template <class Result, class Handle, class Request>
loom::promised<Result> ask(const impl_ptr& impl, loom_part<Handle> part,
                           Request request) {
  if (auto err = impl ? impl->refusal() : moved_from())
    return refused<Result>(std::move(err));
  return impl->ask(part, std::move(request));
}

loom::promised<spacetime> weave_with(const impl_ptr& impl, query asked,
                                     weave_options options) {
  if (auto err = impl ? impl->weave_refusal() : moved_from())
    return refused<spacetime>(std::move(err));
  weave_request request{std::move(asked), std::move(options.card),
                        options.deadline};
  return impl->ask_weave(std::move(request));
}

loom::promised<reflect_ack> reflect_with(const impl_ptr& impl, spacetime woven,
                                         feedback said, maybe<double> reward) {
  return ask<reflect_ack>(
    impl, part::reflection,
    reflect_request{{}, std::move(woven), std::move(said), std::move(reward)});
}

caf::expected<spacetime> weave_and_reflect_with(const impl_ptr& impl,
                                                std::string text, feedback said,
                                                weave_options options) {
  auto woven =
    weave_with(impl, query{std::move(text), {}}, std::move(options)).get();
  if (!woven)
    return woven;
  auto ack = reflect_with(impl, *woven, std::move(said), nothing).get();
  if (!ack)
    return std::move(ack.error());
  return woven;
}

} // namespace

// -- opening ---------------------------------------------------------------------

caf::expected<loom> loom::open_in(caf::actor_system* system, config cfg,
                                  loom_extras extras) {
  auto impl =
    std::make_shared<detail::loom_impl>(std::move(cfg), std::move(extras));
  if (auto err = impl->start(system))
    return err;
  return loom{std::move(impl)};
}

caf::expected<loom> loom::open(config cfg, loom_extras extras) {
  return open_in(nullptr, std::move(cfg), std::move(extras));
}

caf::expected<loom> loom::open(config cfg, caf::actor_system& system,
                               loom_extras extras) {
  return open_in(&system, std::move(cfg), std::move(extras));
}

loom::loom(std::shared_ptr<detail::loom_impl> impl) : impl_(std::move(impl)) {}

loom::loom(loom&&) noexcept = default;

loom& loom::operator=(loom&& other) noexcept {
  if (this != &other) {
    loom old{std::move(*this)};
    impl_ = std::move(other.impl_);
  }
  return *this;
}

loom::~loom() {
  if (!impl_)
    return;
  try {
    close("end of scope");
  } catch (...) {
    // A destructor cannot report it, and an exception in flight goes first.
  }
  impl_->leave();
}

// -- weaving and learning ----------------------------------------------------------

loom::promised<spacetime> loom::weave_async(query asked,
                                            weave_options options) {
  return weave_with(impl_, std::move(asked), std::move(options));
}

loom::promised<reflect_ack> loom::reflect_async(spacetime woven, feedback said,
                                                maybe<double> reward) {
  return reflect_with(impl_, std::move(woven), std::move(said),
                      std::move(reward));
}

loom::promised<remember_ack> loom::remember_async(std::vector<shard> shards) {
  remember_request request;
  request.shards = std::move(shards);
  return remember_anew_async(std::move(request));
}

loom::promised<remember_ack>
loom::remember_anew_async(remember_request request) {
  return ask<remember_ack>(impl_, part::yarn, std::move(request));
}

loom::promised<reflection_metrics> loom::reflection_metrics_async() {
  return ask<hololoom::reflection_metrics>(impl_, part::reflection,
                                           metrics_query{});
}

loom::promised<spacetime> loom::weave_and_reflect_async(std::string text,
                                                        feedback said,
                                                        weave_options options) {
  auto promise = std::make_shared<std::promise<caf::expected<spacetime>>>();
  // Two requests in a row: a thread is simpler than a request that continues
  // with another, and it always ends, because both futures get a value.
  try {
    std::thread{[impl = impl_, promise, text = std::move(text),
                 said = std::move(said),
                 options = std::move(options)]() mutable {
      promise->set_value(weave_and_reflect_with(
        impl, std::move(text), std::move(said), std::move(options)));
    }}.detach();
  } catch (const std::system_error& e) {
    promise->set_value(refused_by_system(e));
  }
  return promise->get_future();
}

caf::expected<spacetime> loom::weave(std::string text, weave_options options) {
  return weave(query{std::move(text), {}}, std::move(options));
}

caf::expected<spacetime> loom::weave(query asked, weave_options options) {
  return weave_async(std::move(asked), std::move(options)).get();
}

caf::expected<reflect_ack> loom::reflect(const spacetime& woven, feedback said,
                                         maybe<double> reward) {
  return reflect_async(woven, std::move(said), std::move(reward)).get();
}

caf::expected<reflect_ack> loom::reflect(std::string spacetime_id,
                                         feedback said) {
  reflect_on_request request;
  request.spacetime_id = std::move(spacetime_id);
  request.said = std::move(said);
  return ask<reflect_ack>(impl_, part::reflection, std::move(request)).get();
}

caf::expected<spacetime> loom::weave_and_reflect(std::string text,
                                                 feedback said,
                                                 weave_options options) {
  return weave_and_reflect_with(impl_, std::move(text), std::move(said),
                                std::move(options));
}

caf::expected<remember_ack> loom::remember(std::vector<shard> shards) {
  return remember_async(std::move(shards)).get();
}

caf::expected<reflection_metrics> loom::reflection_metrics() {
  return reflection_metrics_async().get();
}

caf::expected<episode_page> loom::episodes(episodes_query which) {
  return ask<episode_page>(impl_, part::reflection, which).get();
}

caf::expected<backup_report> loom::backup(const std::filesystem::path& file,
                                          const backup_options& options) {
  if (auto err = refusal_to_wait(impl_))
    return err;
  return impl_->backup(file, options);
}

// -- background workers ------------------------------------------------------------

std::future<caf::expected<child_started>>
loom::spawn_background_async(background work) {
  if (auto err = impl_ ? impl_->refusal() : moved_from())
    return refused<child_started>(std::move(err));
  return impl_->start_worker(std::move(work));
}

caf::expected<child_started> loom::spawn_background(background work) {
  if (auto err = refusal_to_wait(impl_))
    return err;
  return spawn_background_async(std::move(work)).get();
}

caf::error loom::stop_background(const std::string& name) {
  auto err = refusal_to_wait(impl_);
  return err ? err : impl_->stop_worker(name, false);
}

caf::error loom::kill_background(const std::string& name) {
  auto err = refusal_to_wait(impl_);
  return err ? err : impl_->stop_worker(name, true);
}

caf::expected<child_started> loom::restart_background(const std::string& name) {
  if (auto err = refusal_to_wait(impl_))
    return err;
  return impl_->restart_worker(name);
}

std::future<caf::error> loom::wait_background_async(const std::string& name) {
  if (impl_)
    return impl_->await_worker(name);
  std::promise<caf::error> none;
  none.set_value(moved_from());
  return none.get_future();
}

caf::error loom::wait_background(const std::string& name) {
  if (supervisor_code::runs_here())
    return supervisor_would_wait();
  return wait_background_async(name).get();
}

void loom::close_when_done() {
  if (impl_)
    impl_->close_when_done();
}

// -- lifecycle -------------------------------------------------------------------

shutdown_report loom::close(std::string reason, std::string requested_by) {
  return close_async(std::move(reason), std::move(requested_by)).get();
}

pending_report loom::close_async(std::string reason, std::string requested_by) {
  if (!impl_) {
    std::promise<shutdown_report> nothing_closed;
    shutdown_report report;
    report.reason = std::move(reason);
    report.flush.error = explain(moved_from());
    exits_with(report, exit_code::internal);
    nothing_closed.set_value(std::move(report));
    return {nothing_closed.get_future().share(), {}};
  }
  if (awaiting_drain::inside_worker() && requested_by.empty())
    requested_by = "a background worker";
  return {impl_->close(std::move(reason), std::move(requested_by)), impl_};
}

shutdown_report loom::wait() {
  if (!impl_)
    return close();
  return pending_report{impl_->await_close(), impl_}.get();
}

shutdown_report loom::run_until(signal_watch& signals) {
  try {
    signals.start([weak = std::weak_ptr{impl_}](int number, int count) {
      auto impl = weak.lock();
      if (impl && count == 1)
        impl->close(signal_name(number), "signal");
      else if (impl)
        impl->hurry();
    });
  } catch (const std::system_error& e) {
    auto report = close(std::string{"signals cannot be watched: "} + e.what());
    exits_with(report, exit_code::unavailable);
    return report;
  }
  return wait();
}

void loom::hurry() {
  if (impl_)
    impl_->hurry();
}

loom_state loom::state() const {
  return impl_ ? impl_->state() : loom_state::closed;
}

tree_snapshot loom::tree() const {
  return impl_ ? impl_->names()->snapshot("root") : tree_snapshot{};
}

caf::error loom::at_shutdown(shutdown_hook hook) {
  return impl_ ? impl_->add_hook(std::move(hook)) : moved_from();
}

caf::error loom::at_shutdown(cascade_phase phase, std::string name,
                             std::chrono::milliseconds limit,
                             std::function<void()> function) {
  return at_shutdown({phase, std::move(name), limit, std::move(function)});
}

caf::error loom::cancel_at_shutdown(std::string_view name) {
  return impl_ ? impl_->cancel_hook(name) : moved_from();
}

std::uint64_t loom::subscribe(std::function<void(const lifecycle_event&)> f,
                              event_filter which) {
  return impl_ ? impl_->events().subscribe(std::move(f), std::move(which)) : 0;
}

void loom::unsubscribe(std::uint64_t subscription) {
  if (impl_)
    impl_->events().unsubscribe(subscription);
}

// -- typed handles -------------------------------------------------------

caf::expected<caf::strong_actor_ptr>
loom::stand_in(std::string_view name) const {
  if (!impl_)
    return moved_from();
  return impl_->stand_in(name);
}

std::shared_ptr<const directory> loom::names() const {
  return impl_ ? impl_->names() : nullptr;
}

shuttle_actor loom::shuttle() const {
  return impl_ ? impl_->stable(part::shuttle) : shuttle_actor{};
}

reflection_actor loom::reflection() const {
  return impl_ ? impl_->stable(part::reflection) : reflection_actor{};
}

yarn_actor loom::yarn() const {
  return impl_ ? impl_->stable(part::yarn) : yarn_actor{};
}

supervisor_actor loom::workers() const {
  return impl_ ? impl_->find(part::workers) : supervisor_actor{};
}

supervisor_actor loom::root() const {
  return impl_ ? impl_->root() : supervisor_actor{};
}

caf::actor_system& loom::system() const {
  if (!impl_)
    throw std::logic_error{explain(moved_from())};
  return impl_->system();
}

} // namespace hololoom
