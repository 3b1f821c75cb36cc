#pragma once

#include <hololoom/actors/shuttle/tools/tool.hpp>
#include <hololoom/actors/storage/disk.hpp>
#include <hololoom/actors/supervision/directory.hpp>
#include <hololoom/actors/supervision/shutdown_hook.hpp>
#include <hololoom/actors/supervision/supervisor.hpp>
#include <hololoom/actors/workers/background.hpp>
#include <hololoom/messages/lifecycle.hpp>
#include <hololoom/messages/reflection.hpp>
#include <hololoom/messages/shuttle.hpp>
#include <hololoom/messages/yarn.hpp>
#include <hololoom/runtime/backup.hpp>
#include <hololoom/runtime/config.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace hololoom {

namespace detail {
class loom_impl;
}

class signal_watch;

/// Overrides of the config for a single weave.
struct weave_options {
  /// bare, fast, fused or auto. Any other word is a warning in the trace, and
  /// the config's card is used.
  maybe<std::string> card = {};
  maybe<millis> deadline = {};
};

/// What a program adds to the config.
struct loom_extras {
  /// The tools to choose from.
  tool_registry tools = builtin_tools();
  /// Called before each access of the journal to the disk; may be null.
  std::shared_ptr<disk_hooks> disk = {};
  /// Called on the thread that opens, while the stores take long, with how far
  /// they are: "indexing the memory: 45 %". May be null.
  start_progress_sink on_progress = {};
  /// Subscribed to the lifecycle events before the first one: see
  /// `loom::subscribe`. May be null.
  std::function<void(const lifecycle_event&)> on_event = {};
  /// Requests that `open` gives up.
  std::stop_token stop = {};
};

/// The runtime: puts the actors together, and is what a program uses.
///
/// This room owns the config, the data directory's lock, the log and the signal
/// watch; `loom/` owns the running tree, `cli/` the program. It may know every
/// public header of the actors. Programs, demos and tests include this header.

/// The report of a loom that closes, once there is one. Copies share it.
///
/// The loom's own workers, up to a thousand, and shutdown hooks may wait for
/// it: they are told to end like all others, and the cascade does not wait for
/// those that wait for it. A worker that shares its thread (a coroutine, or a
/// periodic worker without `may_block`) holds up those it shares it with
/// meanwhile: it had better call `close_async` and end.
class pending_report {
public:
  /// Waits for the report. It does not wait on the last of the threads that
  /// workers share, nor in code that a supervisor waits for (a factory, a
  /// probe, the destructor of what a child leaves behind): there it returns
  /// another report at once, with `exit_code` 70, and says so in `flush.error`.
  const shutdown_report& get() const;

  /// Waits for it, no longer than `limit`, and not at all where a supervisor
  /// would wait.
  std::future_status wait_for(std::chrono::milliseconds limit) const;

private:
  friend class loom;
  pending_report(std::shared_future<shutdown_report> report,
                 std::weak_ptr<detail::loom_impl> from)
    : report_(std::move(report)), from_(std::move(from)) {}

  std::shared_future<shutdown_report> report_;
  std::weak_ptr<detail::loom_impl> from_;
};

/// A running HoloLoom: a tree of supervised actors with a scope.
///
/// `open` starts the reflection buffer, the yarn graph, the shuttle with its
/// weavers and the background workers, in this order, and returns once all are
/// ready; the destructor runs the shutdown cascade. In between, every member
/// function may be called from any thread. The blocking functions must not be
/// called in a CAF handler; use the typed handles there.
///
/// ~~~
/// auto loom = hololoom::loom::open(hololoom::config::fast());
/// if (!loom)
///   hololoom::finish(loom.error());
/// auto woven = loom->weave("What is Thompson Sampling?");
/// if (woven)
///   auto ack = loom->reflect(*woven, {.helpful = true, .rating = 5.0});
/// ~~~
///
/// Errors: every call fails with `errc::shutting_down` while the loom drains,
/// with `errc::closed` after that, and with `errc::crashed` if the actor that
/// had the request went down.
class loom {
public:
  // -- opening ----------------------------------------------------------------

  /// Opens a loom in an actor system of its own.
  /// @returns `errc::invalid_config`, `errc::data_dir_locked`,
  ///          `errc::data_dir_unusable`, `errc::read_only`, `errc::unavailable`
  ///          if the system refuses a thread, or the error of a child that
  ///          could not start; everything that had been started is stopped
  ///          again. `errc::cancelled` once `extras.stop` was requested, within
  ///          the grace, or `errc::stuck`, with what did not end in it.
  [[nodiscard]] static caf::expected<loom> open(config cfg,
                                                loom_extras extras = {});

  /// Opens a loom in `system`, which must outlive it. Call `register_types` on
  /// its config before it is made (`messages/caf/type_ids.hpp`): CAF must know
  /// the types of all messages.
  [[nodiscard]] static caf::expected<loom>
  open(config cfg, caf::actor_system& system, loom_extras extras = {});

  /// A loom that was moved from may be destroyed or assigned to. Its calls fail
  /// with `errc::closed`, its handles are null, and `system()` throws
  /// `std::logic_error`.
  loom(loom&&) noexcept;
  /// Closes this loom first, unless it is `other` itself.
  loom& operator=(loom&& other) noexcept;
  loom(const loom&) = delete;
  loom& operator=(const loom&) = delete;

  /// Closes. Never throws, so that an exception that leaves the scope goes on.
  ~loom();

  // -- weaving and learning ---------------------------------------------------

  /// Answers a query.
  [[nodiscard]] caf::expected<spacetime> weave(std::string text,
                                               weave_options options = {});
  [[nodiscard]] caf::expected<spacetime> weave(query asked,
                                               weave_options options = {});

  /// Stores feedback on a weave. When it returns an ack, the episode is on disk
  /// (if the loom has a data directory).
  [[nodiscard]] caf::expected<reflect_ack>
  reflect(const spacetime& woven, feedback said = {},
          maybe<double> reward = nothing);

  /// As above, for a spacetime of an earlier run.
  [[nodiscard]] caf::expected<reflect_ack> reflect(std::string spacetime_id,
                                                   feedback said = {});

  /// Weaves, and reflects on it at once.
  [[nodiscard]] caf::expected<spacetime>
  weave_and_reflect(std::string text, feedback said = {},
                    weave_options options = {});

  /// Stores shards. When it returns, they are on disk and can be found.
  [[nodiscard]] caf::expected<remember_ack> remember(std::vector<shard> shards);

  [[nodiscard]] caf::expected<hololoom::reflection_metrics>
  reflection_metrics();

  /// Stored episodes, in the order of storing. For all of them, ask again with
  /// the page's `last` until a page is empty.
  [[nodiscard]] caf::expected<episode_page> episodes(episodes_query which = {});

  // -- the same, asynchronously -----------------------------------------------

  template <class T>
  using promised = std::future<caf::expected<T>>;

  [[nodiscard]] promised<spacetime> weave_async(query asked,
                                                weave_options options = {});
  [[nodiscard]] promised<reflect_ack>
  reflect_async(spacetime woven, feedback said = {},
                maybe<double> reward = nothing);
  [[nodiscard]] promised<spacetime>
  weave_and_reflect_async(std::string text, feedback said = {},
                          weave_options options = {});
  [[nodiscard]] promised<remember_ack>
  remember_async(std::vector<shard> shards);
  /// Also forgets all other shards of the request's sources.
  [[nodiscard]] promised<remember_ack>
  remember_anew_async(remember_request request);
  [[nodiscard]] promised<hololoom::reflection_metrics>
  reflection_metrics_async();

  // -- backup -----------------------------------------------------------------

  /// Writes all that the data directory holds into one new file, while the loom
  /// goes on: the stores copy themselves in slices between their other
  /// requests, in bounded memory, and the copies are verified before they are
  /// packed. `restore_backup` makes a data directory of it again. For a while
  /// it takes as much room again in the data directory as the stores take. Not
  /// from an actor.
  /// @returns `errc::not_supported` if the loom has no data directory,
  ///          `errc::already_started` while another backup is made,
  ///          `errc::io_error` if `file` exists, `errc::disk_full`,
  ///          `errc::corrupt` if a store is damaged, `errc::cancelled` once
  ///          `options.stop` was requested, or a storage error; then there is
  ///          no file.
  [[nodiscard]] caf::expected<backup_report>
  backup(const std::filesystem::path& file, const backup_options& options = {});

  // -- background workers -----------------------------------------------------

  /// Starts a supervised background worker. No other part's restart touches it,
  /// and if the workers' own supervisor is restarted, it is started again
  /// unless it is temporary. One that ends too often is given up alone
  /// (`background::give_up_after`): it stays in `tree()`, stopped, and its name
  /// may be used again, like that of one that was stopped or has finished.
  /// @returns `errc::already_started` if a worker of that name runs,
  ///          `errc::already_present` while it is started or restarted, or why
  ///          it did not start.
  [[nodiscard]] caf::expected<child_started> spawn_background(background work);
  [[nodiscard]] promised<child_started> spawn_background_async(background work);

  /// Stops a worker, within its own shutdown limit, and forgets it.
  /// @returns `errc::not_found` if there is none of that name. It is stopped,
  ///          but: `errc::crashed` if it failed on the way, `errc::stuck` if it
  ///          had to be killed, or could not be ended and was let go.
  [[nodiscard]] caf::error stop_background(const std::string& name);

  /// The same at once, by force, whatever its limit.
  /// @returns `errc::not_found`, or `errc::stuck` if it was let go.
  [[nodiscard]] caf::error kill_background(const std::string& name);

  /// Stops a worker and starts it again, or starts one that was given up,
  /// unless a thousand others have ended since. One that was stopped or has
  /// finished is forgotten: spawn it anew.
  /// @returns `errc::not_found` if there is none, or why it did not start.
  [[nodiscard]] caf::expected<child_started>
  restart_background(const std::string& name);

  /// Waits until a worker has ended for good: it is not restarted, was stopped,
  /// was given up, or the loom has closed. One of the last thousand that have
  /// ended is remembered.
  /// @returns no error if it ended in order, otherwise the one that it ended
  ///          with (`errc::crashed`); `errc::stuck` if the closing left it
  ///          behind; `errc::not_found` if there was none.
  [[nodiscard]] caf::error wait_background(const std::string& name);
  [[nodiscard]] std::future<caf::error>
  wait_background_async(const std::string& name);

  /// Closes the loom once no background worker is left, or now if there is
  /// none. A permanent one is there until it is stopped or given up.
  void close_when_done();

  // -- lifecycle --------------------------------------------------------------

  /// Runs the shutdown cascade and returns its report. Idempotent: every call,
  /// from any thread, returns the report of the one cascade. A worker may call
  /// it; see `pending_report`.
  shutdown_report close(std::string reason = "close",
                        std::string requested_by = "");

  /// Waits until somebody has closed the loom, and closes it itself when it
  /// fails: what the main thread of a service does.
  shutdown_report wait();

  /// The same; the first signal closes the loom, the second one hurries it.
  /// `signals` must not have been started.
  ///
  /// ~~~
  /// int main() {
  ///   hololoom::signal_watch signals;
  ///   auto loom = hololoom::loom::open(hololoom::config::fast());
  ///   if (!loom)
  ///     hololoom::finish(loom.error());
  ///   hololoom::finish(loom->run_until(signals));
  /// }
  /// ~~~
  shutdown_report run_until(signal_watch& signals);

  /// Begins the cascade without waiting for it.
  pending_report close_async(std::string reason = "close",
                             std::string requested_by = "");

  /// Skips the rest of the grace period; the cascade still waits for the flush.
  void hurry();

  /// `degraded` while a part is down, whose start is retried: the others go on,
  /// and requests to it fail with `errc::unavailable`; `tree()` tells which.
  /// Also while the journal is damaged: the log and the report say where. A
  /// root that gives up a part makes the loom `failed`.
  loom_state state() const;

  /// A snapshot of the supervision tree. Sends no message and never waits.
  tree_snapshot tree() const;

  /// Calls `function` in `phase` of the cascade, on a thread of its own, beside
  /// the phase's work. The phase waits for it up to `limit`, and once the loom
  /// is told to hurry no longer than 100 ms; its outcome is a line of the
  /// report. A hook that calls `close` is not waited for.
  ///
  /// A hook of the first phase may still weave, reflect, remember and stop
  /// workers. Hooks may add others to later phases.
  /// @returns `errc::invalid_spec` with what is wrong,
  ///          `errc::already_present` for a name that another hook has, and
  ///          `errc::shutting_down` when the phase has begun.
  [[nodiscard]] caf::error at_shutdown(shutdown_hook hook);
  [[nodiscard]] caf::error at_shutdown(cascade_phase phase, std::string name,
                                       std::chrono::milliseconds limit,
                                       std::function<void()> function);

  /// Forgets a hook whose phase has not begun.
  /// @returns `errc::not_found` if there is none.
  [[nodiscard]] caf::error cancel_at_shutdown(std::string_view name);

  /// Calls `f` with each lifecycle event that `which` selects, in their order,
  /// on a thread of this subscription's own; it may take its time, and may call
  /// anything of the loom, `close` too. `loom_extras::on_event` hears of the
  /// opening as well. Events
  /// that come while very many wait for it are dropped. `close` gives it what
  /// is left of the grace for the last events; the report names as
  /// "subscriber N" one that missed events or does not return.
  /// @returns a number for `unsubscribe`; 0 if no thread can be had or the loom
  ///          has closed.
  std::uint64_t subscribe(std::function<void(const lifecycle_event&)> f,
                          event_filter which = {});

  /// Once this has returned, the function does not run and is never called
  /// again. It waits for a call under way, but not for the one it is called
  /// from, nor for one that in turn waits here for that.
  void unsubscribe(std::uint64_t subscription);

  // -- typed handles ----------------------------------------------------------

  /// The child called `name`, of the loom's own parts or the workers: a path
  /// ("root/workers/counter"), or the last part of one. The handle is a
  /// stand-in: it stays good over the child's restarts, and a request to it
  /// fails with `errc::unavailable` meanwhile. It ends with the loom.
  /// @returns `errc::not_found` if there is no such child.
  template <class Handle = caf::actor>
  [[nodiscard]] caf::expected<Handle> find(std::string_view name) const {
    auto found = stand_in(name);
    if (!found)
      return std::move(found.error());
    return caf::actor_cast<Handle>(*found);
  }

  /// Tells the current incarnations of all children, also after the loom has
  /// closed; null for a loom that was moved from.
  std::shared_ptr<const directory> names() const;

  /// Stand-ins, as `find` gives them; null once the loom has closed.
  shuttle_actor shuttle() const;
  reflection_actor reflection() const;
  yarn_actor yarn() const;
  /// The supervisor of the background workers: its current incarnation, null
  /// while it is restarted.
  supervisor_actor workers() const;
  /// The root supervisor.
  supervisor_actor root() const;
  caf::actor_system& system() const;

private:
  explicit loom(std::shared_ptr<detail::loom_impl> impl);
  static caf::expected<loom> open_in(caf::actor_system* system, config cfg,
                                     loom_extras extras);
  caf::expected<caf::strong_actor_ptr> stand_in(std::string_view name) const;

  std::shared_ptr<detail::loom_impl> impl_;
};

} // namespace hololoom
