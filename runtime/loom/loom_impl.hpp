#pragma once

#include <hololoom/actors/supervision/cascade.hpp>
#include <hololoom/actors/supervision/directory.hpp>
#include <hololoom/actors/workers/worker_book.hpp>
#include <hololoom/messages/caf/memory_ids.hpp>
#include <hololoom/messages/caf/reflection_ids.hpp>
#include <hololoom/messages/caf/shuttle_ids.hpp>
#include <hololoom/messages/sync.hpp>
#include <hololoom/runtime/data_dir.hpp>
#include <hololoom/runtime/loom.hpp>
#include <hololoom/runtime/loom/admission.hpp>
#include <hololoom/runtime/loom/hook_list.hpp>
#include <hololoom/runtime/loom/opening.hpp>
#include <hololoom/runtime/loom/owned_system.hpp>
#include <hololoom/runtime/loom/request_bridge.hpp>
#include <hololoom/runtime/loom/supervision_tree.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

namespace hololoom::detail {

class backup_work;
struct store_counts;

/// The room behind `loom`: starts the supervision tree, passes requests to its
/// parts, and closes it.
///
/// It owns the data directory's lock, the log, the actor system (unless the
/// caller brought one), the root supervisor and the cascade. It may know every
/// actor; only `loom.cpp` knows it. It lives on the heap because a cascade that
/// abandons an actor leaves the actor system behind for it.
class loom_impl : public std::enable_shared_from_this<loom_impl> {
public:
  loom_impl(config cfg, loom_extras extras);

  /// Starts everything, in an actor system of its own if `system` is null. On
  /// failure, everything that had been started is stopped again.
  caf::error start(caf::actor_system* system);

  // -- admission ----------------------------------------------------------------

  loom_state state() const;

  /// No error while the loom takes work, otherwise why it does not.
  caf::error refusal() const { return admission_->refusal(); }

  /// The same for a weave, which is counted as refused if it is.
  caf::error weave_refusal() { return admission_->weave_refusal(); }

  // -- requests -------------------------------------------------------------------

  /// Sends `request` to a part; `errc::unavailable` while it is restarting.
  template <class Handle, class Request>
  auto ask(loom_part<Handle> part, Request request) {
    return bridge_->ask<response_of<Handle, Request>>(
      actor_of(part), caf::make_message(std::move(request)),
      [admission = admission_](const caf::error& why) {
        return admission->failure_of(why);
      });
  }

  /// The same for a weave, which is counted as refused if it comes too late.
  std::future<caf::expected<spacetime>> ask_weave(weave_request request);

  /// The current incarnation of a part; null while it is restarting.
  template <class Handle>
  Handle find(loom_part<Handle> part) const {
    return caf::actor_cast<Handle>(names_->find(path_of(part)));
  }

  /// The stand-in for a part; null once the loom has closed.
  template <class Handle>
  Handle stable(loom_part<Handle> part) const {
    auto result = names_->stable<Handle>(*system_, path_of(part));
    return result ? *result : Handle{};
  }

  /// The stand-in for the child of that name.
  caf::expected<caf::strong_actor_ptr> stand_in(std::string_view name) const;

  // -- a backup (backup.cpp) --------------------------------------------------------

  caf::expected<backup_report> backup(const std::filesystem::path& file,
                                      const backup_options& options);

  // -- background workers (workers.cpp) ---------------------------------------------

  std::future<caf::expected<child_started>> start_worker(background work);
  /// Stops the worker, or kills it, and forgets it.
  caf::error stop_worker(const std::string& name, bool by_force);
  /// Stops the worker if it runs, and starts it again.
  caf::expected<child_started> restart_worker(const std::string& name);
  std::future<caf::error> await_worker(const std::string& name);
  void close_when_done();

  // -- closing --------------------------------------------------------------------

  std::shared_future<shutdown_report> close(std::string reason,
                                            std::string requested_by);
  /// That of the cascade, begun or not. From now on the loom closes when it
  /// fails.
  std::shared_future<shutdown_report> await_close();
  /// A worker of this loom waits for the report, and ends only after that.
  void awaited_from_inside() { closed_from_inside_ = true; }
  /// Whether it may do so on one of the scheduler's threads: one is left for
  /// others.
  bool lend_thread();
  void hurry();
  caf::error add_hook(shutdown_hook hook);
  caf::error cancel_hook(std::string_view name) { return hooks_.cancel(name); }

  /// Waits for the thread that closes, if there is one, and destroys the actor
  /// system, or leaves it behind for an actor that is stuck.
  void leave();

  // -- parts ----------------------------------------------------------------------

  caf::actor_system& system() const { return *system_; }
  supervisor_actor root() const;
  event_bus& events() const { return *events_; }
  const std::shared_ptr<directory>& names() const { return names_; }

private:
  // loom_impl.cpp
  caf::error start_in(caf::actor_system* system);
  /// Stops what has been started.
  void give_up();
  caf::error open_data_dir();
  void open_system(caf::actor_system* system);
  /// Starts the root and waits for its children.
  /// @returns nothing when it was told to stop meanwhile.
  std::optional<caf::error>
  start_tree(const tree_setup& setup, const std::shared_ptr<opening>& progress);
  /// Makes the cascade that `close` begins.
  void prepare_cascade(cascade_plan what);
  caf::expected<supervisor_actor> spawn_root(const tree_setup& setup);
  /// Closes a loom that has not opened yet, and says so.
  caf::error give_up_opening();
  void watch(const supervisor_actor& root,
             const std::shared_ptr<opening>& progress);
  void log_events();
  template <class Handle>
  caf::actor actor_of(loom_part<Handle> part) const {
    return caf::actor_cast<caf::actor>(names_->find(path_of(part)));
  }

  // backup.cpp
  caf::expected<backup_report> back_up(const std::filesystem::path& file,
                                       const backup_work& work);
  /// Has both stores copied into the directory `to`.
  caf::expected<store_counts> copy_stores(const std::filesystem::path& to,
                                          const backup_work& work);

  // workers.cpp
  std::future<caf::expected<child_started>> start_kept(const kept_worker& x);
  /// Sees that workers which do not come back are forgotten.
  void watch_workers();
  void worker_ended(const worker_end& x);
  /// Tells those who wait for a worker that it ended with the loom.
  void end_waits_for_workers(const shutdown_report& report);

  // closing.cpp
  cascade_plan plan(supervisor_actor root);
  /// That of a loom which has not opened: it has no one's work to save.
  cascade_plan opening_plan(supervisor_actor root);
  void cut_weaves(caf::event_based_actor* self,
                  const std::function<void(weave_tally)>& done);
  /// The root has failed, or `essential`, which closes the loom.
  void fail(const std::string& why, const std::string& essential = {});
  void run_closing(const std::string& reason, const std::string& requested_by);
  shutdown_report run_cascade(const std::string& reason,
                              const std::string& requested_by);
  /// Waits, not for long, for the last actor to end.
  /// @returns how many still run; 0 in an actor system of the caller's.
  std::size_t await_actors() const;
  void leave_system();
  void write_report(shutdown_report& report);

  // last_words.cpp
  /// Waits for subscribers to take the last events, until the grace is over.
  void settle_subscribers(shutdown_report& report);
  /// Lets the log write its last lines.
  void settle_log(shutdown_report& report);

  config cfg_;
  loom_extras extras_;
  logger_ptr log_;
  std::optional<data_dir> dir_;

  /// The threads that close the loom and write its report. Started when the
  /// loom opens, because it may be that no thread can be had later.
  std::optional<outlet> closer_;
  std::optional<outlet> writer_;
  std::unique_ptr<owned_system> own_system_;
  caf::actor_system* system_ = nullptr;

  std::shared_ptr<directory> names_;
  std::shared_ptr<event_bus> events_;
  std::shared_ptr<worker_book> workers_ = std::make_shared<worker_book>();
  std::unique_ptr<request_bridge> bridge_;

  std::shared_ptr<admission> admission_ = std::make_shared<admission>();
  /// Whether a worker waits for the report before it ends.
  std::atomic<bool> closed_from_inside_{false};
  std::atomic<std::size_t> lent_threads_{0};
  /// Whether the rest of the grace is skipped.
  std::atomic<bool> hurried_{false};
  /// Whether the journal is damaged.
  std::shared_ptr<std::atomic<bool>> damaged_ =
    std::make_shared<std::atomic<bool>>(false);
  /// Whether the loom closes once no background worker is left.
  std::atomic<bool> closes_when_done_{false};

  std::atomic<bool> backing_up_{false};
  /// Stopped when the loom closes.
  std::stop_source backups_end_;

  hook_list hooks_;
  mutable mutex closing_;
  supervisor_actor root_ HOLOLOOM_GUARDED_BY(closing_);
  caf::actor cascade_ HOLOLOOM_GUARDED_BY(closing_);
  bool closes_ HOLOLOOM_GUARDED_BY(closing_) = false;
  bool closes_on_failure_ HOLOLOOM_GUARDED_BY(closing_) = false;
  /// Why the loom, or an essential worker, has failed.
  std::string failure_ HOLOLOOM_GUARDED_BY(closing_);

  std::promise<shutdown_report> outcome_;
  std::shared_future<shutdown_report> report_ = outcome_.get_future().share();

  /// Whether no actor runs in the system any more. Written by `closer_`, read
  /// after it has ended.
  bool all_ended_ = false;
};

} // namespace hololoom::detail
