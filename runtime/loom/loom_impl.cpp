#include <hololoom/messages/caf/actor_system.hpp>
#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/runtime/loom/loom_impl.hpp>
#include <hololoom/runtime/standard_streams.hpp>

#include <cassert>
#include <system_error>
#include <utility>

namespace hololoom::detail {

namespace {

constexpr int lines_while_closing = 100;

} // namespace

loom_impl::loom_impl(config cfg, loom_extras extras)
  : cfg_(std::move(cfg)),
    extras_(std::move(extras)),
    names_(std::make_shared<directory>()),
    events_(std::make_shared<event_bus>()) {}

// -- starting --------------------------------------------------------------------

caf::error loom_impl::start(caf::actor_system* system) {
  assert(state() == loom_state::created);
  admission_->enter(loom_state::starting);
  if (auto err = check(cfg_))
    return err;
  hold_standard_streams();
  try {
    closer_.emplace();
    writer_.emplace();
    return start_in(system);
  } catch (const std::system_error& e) {
    give_up();
    return refused_by_system(e);
  }
}

void loom_impl::give_up() {
  admission_->enter(loom_state::failed);
  {
    lock_guard guard{closing_};
    for (const auto& started : {caf::actor_cast<caf::actor>(root_), cascade_})
      if (started)
        exit_high(started, caf::exit_reason::user_shutdown);
    root_ = nullptr;
    cascade_ = nullptr;
  }
  bridge_ = nullptr;
  events_->settle(
    std::chrono::steady_clock::now()
    + std::chrono::ceil<std::chrono::nanoseconds>(cfg_.shutdown.kill_wait));
  events_->close();
  names_->close_stand_ins();
  all_ended_ = await_actors() == 0;
  leave_system();
}

caf::error loom_impl::start_in(caf::actor_system* system) {
  auto log = make_logger(cfg_.log);
  if (!log)
    return std::move(log.error());
  log_ = std::move(*log);
  if (auto err = open_data_dir())
    return err;
  open_system(system);
  log_events();
  if (extras_.on_event)
    events_->subscribe(extras_.on_event);
  watch_workers();
  bridge_ = std::make_unique<request_bridge>(*system_);
  auto progress = std::make_shared<opening>();
  tree_setup setup;
  setup.cfg = cfg_;
  setup.tools = std::make_shared<const tool_registry>(extras_.tools);
  setup.disk = extras_.disk;
  setup.names = names_;
  setup.events = events_;
  setup.counts = admission_->counts();
  setup.workers = workers_;
  setup.on_progress = [progress](const start_progress& x) {
    progress->progressed(x);
  };
  setup.on_finding = [log = log_, damaged = damaged_](const std::string& what,
                                                      bool damage) {
    *damaged = *damaged || damage;
    log_warning(*log, "the journal: " + what);
  };
  auto started = start_tree(setup, progress);
  if (!started)
    return give_up_opening();
  if (*started) {
    give_up();
    // What is wrong with a store says more than that a child did not start.
    if (auto cause = setup.store_failure->load(); cause != errc::none)
      return failure(cause, explain(*started));
    return std::move(*started);
  }
  prepare_cascade(plan(root()));
  admission_->open();
  log_info(*log_, "running"
                    + (dir_ ? " on " + dir_->path().string()
                            : std::string{", in memory only"}));
  return {};
}

std::optional<caf::error>
loom_impl::start_tree(const tree_setup& setup,
                      const std::shared_ptr<opening>& progress) {
  auto root = spawn_root(setup);
  if (!root)
    return std::move(root.error());
  {
    lock_guard guard{closing_};
    root_ = *root;
  }
  prepare_cascade(opening_plan(*root));
  watch(*root, progress);
  return progress->wait(extras_.on_progress, extras_.stop);
}

void loom_impl::prepare_cascade(cascade_plan what) {
  {
    lock_guard guard{closing_};
    if (cascade_)
      exit_high(cascade_, caf::exit_reason::user_shutdown);
    cascade_ = spawn_cascade(*system_, std::move(what));
  }
  if (own_system_)
    forget_actor_system();
}

caf::expected<supervisor_actor> loom_impl::spawn_root(const tree_setup& setup) {
  caf::expected<supervisor_actor> result{caf::error{}};
  // On another thread: CAF would remember the system in the caller's.
  closer_->post([&] {
    try {
      result =
        spawn_supervisor(*system_, root_options(setup), root_children(setup));
    } catch (const std::system_error& e) {
      result = refused_by_system(e);
    }
    forget_actor_system();
  });
  closer_->settle(outlet::time_point::max());
  return result;
}

caf::error loom_impl::give_up_opening() {
  auto report = close("told to stop while it opened", "the stop token").get();
  leave();
  std::string why = "the loom was told to stop while it opened";
  if (report.abandoned.empty())
    return failure(errc::cancelled, why);
  why += ", and these did not end:";
  for (const auto& x : report.abandoned)
    why += " " + x;
  return failure(errc::stuck, why + "; leave the process by _exit");
}

caf::error loom_impl::open_data_dir() {
  if (cfg_.data_dir.empty())
    return {};
  auto dir = data_dir::open(cfg_.data_dir);
  if (!dir)
    return std::move(dir.error());
  std::error_code none;
  if (std::filesystem::exists(dir->restoring(), none))
    return failure(errc::data_dir_unusable,
                   "a restoration of " + dir->path().string()
                     + " was cut short; restore the backup again, or remove "
                       "the directory");
  dir_ = std::move(*dir);
  cfg_.reflection.directory = dir_->path().string();
  cfg_.memory.path = dir_->shards().string();
  return {};
}

void loom_impl::open_system(caf::actor_system* system) {
  if (!system) {
    own_system_ = std::make_unique<owned_system>(cfg_.threads);
    system = &own_system_->get();
  }
  system_ = system;
}

/// A loom whose root is gone does no work: it has failed, unless it closes.
void loom_impl::watch(const supervisor_actor& root,
                      const std::shared_ptr<opening>& progress) {
  // The event that the root gives up names the child that ended once too often.
  // Stopping the other children may take long, but nothing starts from then on.
  auto fail = [admission = admission_,
               me = weak_from_this()](const std::string& why) {
    admission->fail();
    if (auto self = me.lock())
      self->fail("the loom failed: " + why);
  };
  events_->observe(
    [fail](const lifecycle_event& x) {
      if (is_part(x.path))
        fail(x.path + ": " + x.reason);
    },
    {transition::escalated});
  bridge_->ask_then<acknowledged>(caf::actor_cast<caf::actor>(root),
                                  caf::make_message(await_running{}),
                                  [progress](const auto& runs) {
                                    // Its end says why it does not.
                                    if (runs)
                                      progress->finish({});
                                  });
  // Called at once if it is down already.
  root->attach_functor([fail, progress](const caf::error& why) {
    fail("its root supervisor went down: " + explain(why));
    progress->finish(why ? why : loom_is_closed());
  });
}

void loom_impl::log_events() {
  using e = transition;
  // The report names who ends while the loom closes: of very many the log has
  // the first.
  auto left = std::make_shared<std::atomic<int>>(lines_while_closing);
  auto write = [log = log_, admission = admission_,
                left](void (*log_line)(logger&, std::string_view)) {
    return [=](const lifecycle_event& x) {
      auto number = admission->closes() ? left->fetch_sub(1) : 1;
      if (number == 0)
        log_line(*log, "more children end; the report lists them");
      if (number > 0)
        log_line(*log, x.path + " " + std::string{name_of(x.what)}
                         + " (incarnation " + std::to_string(x.incarnation)
                         + ")" + (x.reason.empty() ? "" : ": ") + x.reason);
    };
  };
  events_->observe(write(log_warning),
                   {e::stuck, e::killed, e::restarting, e::escalated,
                    e::abandoned, e::gave_up});
  // A child that ends by an error gets a line, whether it is restarted or not.
  events_->observe(
    [bad = write(log_warning), well = write(log_info)](
      const lifecycle_event& x) { (ended_in_order(x) ? well : bad)(x); },
    {e::exited});
  // Everyday events are not even built unless they are written.
  if (logs_info(*log_))
    events_->observe(write(log_info), {e::started, e::ready, e::stopped,
                                       e::recovered, e::replaced, e::noted});
}

// -- requests --------------------------------------------------------------------

std::future<caf::expected<spacetime>>
loom_impl::ask_weave(weave_request request) {
  return bridge_->ask<spacetime>(
    actor_of(part::shuttle), caf::make_message(std::move(request)),
    [admission = admission_](const caf::error& why) {
      return admission->weave_failure_of(why);
    });
}

loom_state loom_impl::state() const {
  auto result = admission_->state();
  return result == loom_state::running && (!all_run(*names_) || *damaged_)
         ? loom_state::degraded
         : result;
}

supervisor_actor loom_impl::root() const {
  lock_guard guard{closing_};
  return root_;
}

} // namespace hololoom::detail
