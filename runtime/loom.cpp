#include <hololoom/actors/workers/awaiting_drain.hpp>
#include <hololoom/runtime/inside/loom_impl.hpp>
#include <hololoom/runtime/loom.hpp>

#include <memory>
#include <thread>
#include <utility>

namespace hololoom {

namespace {

using impl_ptr = std::shared_ptr<detail::loom_impl>;

caf::expected<impl_ptr> start(config cfg, caf::actor_system* system,
                              loom_extras extras) {
  auto impl =
    std::make_shared<detail::loom_impl>(std::move(cfg), std::move(extras));
  if (auto err = impl->start(system))
    return err;
  return impl;
}

template <class T>
std::future<caf::expected<T>> refused(caf::error why) {
  std::promise<caf::expected<T>> promise;
  promise.set_value(std::move(why));
  return promise.get_future();
}

loom::promised<spacetime> weave_with(detail::loom_impl& impl, query asked,
                                     weave_options options) {
  if (auto err = impl.weave_refusal())
    return refused<spacetime>(std::move(err));
  weave_request request{std::move(asked), std::move(options.card),
                        options.deadline};
  return impl.ask_weave(std::move(request));
}

loom::promised<reflect_ack> reflect_with(detail::loom_impl& impl,
                                         spacetime woven, feedback said,
                                         maybe<double> reward) {
  if (auto err = impl.refusal())
    return refused<reflect_ack>(std::move(err));
  reflect_request request{
    {}, std::move(woven), std::move(said), std::move(reward)};
  return impl.ask<reflect_ack, reflection_actor>(part::reflection,
                                                 std::move(request));
}

caf::expected<spacetime> weave_and_reflect_with(detail::loom_impl& impl,
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

caf::expected<loom> loom::open(config cfg, loom_extras extras) {
  auto impl = start(std::move(cfg), nullptr, std::move(extras));
  if (!impl)
    return std::move(impl.error());
  return loom{std::move(*impl)};
}

caf::expected<loom> loom::open(config cfg, caf::actor_system& system,
                               loom_extras extras) {
  auto impl = start(std::move(cfg), &system, std::move(extras));
  if (!impl)
    return std::move(impl.error());
  return loom{std::move(*impl)};
}

loom::loom(std::shared_ptr<detail::loom_impl> impl) : impl_(std::move(impl)) {}

loom::loom(loom&&) noexcept = default;

loom& loom::operator=(loom&& other) noexcept {
  loom old{std::move(*this)};
  impl_ = std::move(other.impl_);
  return *this;
}

loom::~loom() {
  if (!impl_)
    return;
  try {
    close("end of scope");
  } catch (...) {
    // Nothing can be done about it, and an exception on its way goes first.
  }
  impl_->leave();
}

// -- weaving and learning ----------------------------------------------------------

loom::promised<spacetime> loom::weave_async(query asked,
                                            weave_options options) {
  return weave_with(*impl_, std::move(asked), std::move(options));
}

loom::promised<reflect_ack> loom::reflect_async(spacetime woven, feedback said,
                                                maybe<double> reward) {
  return reflect_with(*impl_, std::move(woven), std::move(said),
                      std::move(reward));
}

loom::promised<remember_ack> loom::remember_async(std::vector<shard> shards) {
  remember_request request;
  request.shards = std::move(shards);
  return remember_anew_async(std::move(request));
}

loom::promised<remember_ack>
loom::remember_anew_async(remember_request request) {
  if (auto err = impl_->refusal())
    return refused<remember_ack>(std::move(err));
  return impl_->ask<remember_ack, yarn_actor>(part::yarn, std::move(request));
}

loom::promised<reflection_metrics> loom::reflection_metrics_async() {
  if (auto err = impl_->refusal())
    return refused<hololoom::reflection_metrics>(std::move(err));
  return impl_->ask<hololoom::reflection_metrics, reflection_actor>(
    part::reflection, metrics_query{});
}

loom::promised<spacetime> loom::weave_and_reflect_async(std::string text,
                                                        feedback said,
                                                        weave_options options) {
  std::promise<caf::expected<spacetime>> promise;
  auto result = promise.get_future();
  // Two requests in a row: a thread is simpler than a third kind of errand, and
  // ends with the answers, which always come.
  std::thread{[impl = impl_, promise = std::move(promise),
               text = std::move(text), said = std::move(said),
               options = std::move(options)]() mutable {
    promise.set_value(weave_and_reflect_with(
      *impl, std::move(text), std::move(said), std::move(options)));
  }}.detach();
  return result;
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
  if (auto err = impl_->refusal())
    return err;
  reflect_on_request request;
  request.spacetime_id = std::move(spacetime_id);
  request.said = std::move(said);
  return impl_
    ->ask<reflect_ack, reflection_actor>(part::reflection, std::move(request))
    .get();
}

caf::expected<spacetime> loom::weave_and_reflect(std::string text,
                                                 feedback said,
                                                 weave_options options) {
  return weave_and_reflect_with(*impl_, std::move(text), std::move(said),
                                std::move(options));
}

caf::expected<remember_ack> loom::remember(std::vector<shard> shards) {
  return remember_async(std::move(shards)).get();
}

caf::expected<reflection_metrics> loom::reflection_metrics() {
  return reflection_metrics_async().get();
}

caf::expected<episode_page> loom::episodes(episodes_query which) {
  if (auto err = impl_->refusal())
    return err;
  return impl_->ask<episode_page, reflection_actor>(part::reflection, which)
    .get();
}

// -- background workers ------------------------------------------------------------

std::future<caf::expected<child_started>>
loom::spawn_background_async(background work) {
  if (auto err = impl_->refusal())
    return refused<child_started>(std::move(err));
  auto spec =
    std::make_shared<const child_spec>(to_child_spec(std::move(work)));
  return impl_->ask<child_started, supervisor_actor>(
    part::workers, start_child{std::move(spec)});
}

caf::error loom::spawn_background(background work) {
  auto started = spawn_background_async(std::move(work)).get();
  if (!started)
    return std::move(started.error());
  return {};
}

caf::error loom::stop_background(const std::string& name) {
  if (auto err = impl_->refusal())
    return err;
  auto stopped = impl_
                   ->ask<acknowledged, supervisor_actor>(part::workers,
                                                         terminate_child{name})
                   .get();
  if (!stopped)
    return std::move(stopped.error());
  return {};
}

// -- lifecycle -------------------------------------------------------------------

shutdown_report loom::close(std::string reason, std::string requested_by) {
  awaiting_drain mark;
  if (mark.inside_worker() && requested_by.empty())
    requested_by = "a background worker";
  return impl_
    ->close(std::move(reason), std::move(requested_by), mark.inside_worker())
    .get();
}

std::shared_future<shutdown_report>
loom::close_async(std::string reason, std::string requested_by) {
  return impl_->close(std::move(reason), std::move(requested_by));
}

void loom::hurry() {
  impl_->hurry();
}

loom_state loom::state() const {
  return impl_->state();
}

tree_snapshot loom::tree() const {
  return impl_->names().snapshot("root");
}

caf::error loom::at_shutdown(cascade_phase phase, std::string name,
                             std::chrono::milliseconds limit,
                             std::function<void()> function) {
  return impl_->add_hook({phase, std::move(name), limit, std::move(function)});
}

std::uint64_t loom::subscribe(std::function<void(const lifecycle_event&)> f) {
  return impl_->events().subscribe(std::move(f));
}

void loom::unsubscribe(std::uint64_t subscription) {
  impl_->events().unsubscribe(subscription);
}

// -- for those who speak actor -------------------------------------------------------

shuttle_actor loom::shuttle() const {
  return impl_->find<shuttle_actor>(part::shuttle);
}

reflection_actor loom::reflection() const {
  return impl_->find<reflection_actor>(part::reflection);
}

yarn_actor loom::yarn() const {
  return impl_->find<yarn_actor>(part::yarn);
}

supervisor_actor loom::workers() const {
  return impl_->find<supervisor_actor>(part::workers);
}

supervisor_actor loom::root() const {
  return impl_->root();
}

caf::actor_system& loom::system() const {
  return impl_->system();
}

} // namespace hololoom
