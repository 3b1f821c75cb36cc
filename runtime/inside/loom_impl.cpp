#include <hololoom/messages/caf/actor_system.hpp>
#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/messages/caf/type_ids.hpp>
#include <hololoom/runtime/inside/loom_impl.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace hololoom::detail {

loom_system_config::loom_system_config(std::int64_t threads) {
  register_types(*this);
  // At least 4, so that a handler or two that do not return leave threads for
  // the others.
  auto count = threads > 0
               ? static_cast<std::size_t>(threads)
               : std::max<std::size_t>(4, std::thread::hardware_concurrency());
  set_threads(*this, count);
}

loom_impl::loom_impl(config cfg, loom_extras extras)
  : cfg_(std::move(cfg)),
    extras_(std::move(extras)),
    names_(std::make_shared<directory>()),
    events_(std::make_shared<event_bus>()) {}

// -- starting --------------------------------------------------------------------

caf::error loom_impl::start(caf::actor_system* system) {
  gate_->enter(loom_state::starting);
  if (auto err = check(cfg_))
    return err;
  auto log = make_logger(cfg_.log);
  if (!log)
    return std::move(log.error());
  log_ = std::move(*log);
  if (auto err = open_data_dir())
    return err;
  open_system(system);
  log_events();
  tree_setup setup{
    cfg_,         std::make_shared<const tool_registry>(extras_.tools),
    extras_.disk, names_,
    events_,      gate_->counts()};
  auto root = start_root(setup);
  if (!root) {
    gate_->enter(loom_state::failed);
    shutdown_report report;
    await_actors(report);
    all_gone_ = report.abandoned.empty();
    leave_system();
    // What is wrong with a store says more than that a child did not start.
    if (auto cause = setup.trouble->load(); cause != errc::none)
      return failure(cause, explain(root.error()));
    return std::move(root.error());
  }
  root_ = std::move(*root);
  porter_ = std::make_unique<porter>(*system_);
  cascade_ = spawn_cascade(*system_, plan());
  // A thread that has spawned keeps the system's logger, and the system's
  // destructor waits for whoever does.
  if (own_system_)
    forget_actor_system();
  gate_->enter(loom_state::running);
  watch_root();
  log_->info("running{}", dir_ ? " on " + dir_->path().string()
                               : std::string{", in memory only"});
  return {};
}

caf::expected<supervisor_actor> loom_impl::start_root(const tree_setup& setup) {
  // On a thread of its own: CAF would remember the system in the caller's.
  auto start = [&] {
    return start_supervisor(*system_, root_options(setup),
                            root_children(setup));
  };
  return std::async(std::launch::async, start).get();
}

caf::error loom_impl::open_data_dir() {
  if (cfg_.data_dir.empty())
    return {};
  auto dir = data_dir::open(cfg_.data_dir);
  if (!dir)
    return std::move(dir.error());
  dir_ = std::move(*dir);
  cfg_.reflection.directory = dir_->path().string();
  cfg_.memory.path = dir_->shards().string();
  return {};
}

void loom_impl::open_system(caf::actor_system* system) {
  if (!system) {
    system_config_ = std::make_unique<loom_system_config>(cfg_.threads);
    own_system_ = std::make_unique<caf::actor_system>(*system_config_);
    system = own_system_.get();
  }
  system_ = system;
}

/// Without its root a loom does no work: it has failed, unless it closes.
void loom_impl::watch_root() {
  // Why it gives up is told of the child that ended once too often. To stop the
  // others may take long; nothing is started any more from now on.
  events_->subscribe(
    [gate = gate_](const lifecycle_event& x) {
      if (is_part(x.path))
        gate->fail();
    },
    {transition::escalated});
  // However else it went down; at once if it is down already.
  root_->attach_functor([gate = gate_](const caf::error&) { gate->fail(); });
}

void loom_impl::log_events() {
  using e = transition;
  auto write = [log = log_](spdlog::level::level_enum level) {
    return [log, level](const lifecycle_event& x) {
      log->log(level, "{} {} (incarnation {}){}{}", x.path, name_of(x.what),
               x.incarnation, x.reason.empty() ? "" : ": ", x.reason);
    };
  };
  events_->subscribe(
    write(spdlog::level::warn),
    {e::stuck, e::killed, e::restarting, e::escalated, e::abandoned});
  // Events of the everyday are not even built unless they are written.
  if (log_->should_log(spdlog::level::info))
    events_->subscribe(
      write(spdlog::level::info),
      {e::started, e::ready, e::exited, e::stopped, e::recovered, e::replaced});
}

// -- asking ----------------------------------------------------------------------

std::future<caf::expected<spacetime>>
loom_impl::ask_weave(weave_request request) {
  return porter_->ask<spacetime>(
    [gate = gate_](const caf::error& why) { return gate->lost_weave(why); },
    find<shuttle_actor>(part::shuttle), std::move(request));
}

supervisor_actor loom_impl::root() const {
  std::lock_guard guard{closing_};
  return root_;
}

} // namespace hololoom::detail
