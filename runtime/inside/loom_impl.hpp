#pragma once

#include <hololoom/actors/supervision/cascade.hpp>
#include <hololoom/actors/supervision/directory.hpp>
#include <hololoom/runtime/data_dir.hpp>
#include <hololoom/runtime/inside/gate.hpp>
#include <hololoom/runtime/inside/request_bridge.hpp>
#include <hololoom/runtime/inside/tree.hpp>
#include <hololoom/runtime/loom.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace spdlog {
class logger;
}

namespace hololoom::detail {

/// What stands behind a loom. Lives on the heap, because a cascade that had to
/// let something go leaves the actor system behind for it.
class loom_impl : public std::enable_shared_from_this<loom_impl> {
public:
  loom_impl(config cfg, loom_extras extras);

  /// Starts everything, in an actor system of its own if `system` is null.
  /// Whatever fails, what was started before is stopped again.
  caf::error start(caf::actor_system* system);

  // -- the gate -----------------------------------------------------------------

  loom_state state() const { return gate_->state(); }

  /// None while work is taken; else why not.
  caf::error refusal() const { return gate_->refusal(); }

  /// The same for a weave, which is counted when it comes too late.
  caf::error weave_refusal() { return gate_->weave_refusal(); }

  // -- asking ---------------------------------------------------------------------

  /// Asks a part; a part that is being restarted is `errc::unavailable`.
  template <class Result, class Handle, class Request>
  std::future<caf::expected<Result>> ask(const char* part, Request request) {
    return porter_->ask<Result>(
      [gate = gate_](const caf::error& why) { return gate->lost(why); },
      find<Handle>(part), std::move(request));
  }

  /// The same for a weave, which is counted when it comes too late.
  std::future<caf::expected<spacetime>> ask_weave(weave_request request);

  template <class Handle>
  Handle find(const char* part) const {
    return caf::actor_cast<Handle>(names_->find(path_of(part)));
  }

  // -- closing --------------------------------------------------------------------

  /// @param from_inside whether a worker of the loom asks, which ends after it
  std::shared_future<shutdown_report>
  close(std::string reason, std::string requested_by, bool from_inside = false);
  void hurry();
  caf::error add_hook(shutdown_hook hook);

  /// Waits for the thread that closes, if there is one, and destroys the actor
  /// system, or leaves it behind for whoever is stuck in it.
  void leave();

  // -- parts ----------------------------------------------------------------------

  caf::actor_system& system() const { return *system_; }
  supervisor_actor root() const;
  event_bus& events() const { return *events_; }
  directory& names() const { return *names_; }

private:
  caf::error open_data_dir();
  void open_system(caf::actor_system* system);
  caf::expected<supervisor_actor> start_root(const tree_setup& setup);
  cascade_plan plan();
  void watch_root();
  void log_events();

  void cut_weaves(caf::event_based_actor* self,
                  const std::function<void(weave_tally)>& done);

  shutdown_report run_cascade(const std::string& reason,
                              const std::string& requested_by);
  void keep_report(const std::filesystem::path& file, std::string text);
  void write_report(shutdown_report& report);
  /// Waits, not for long, until the last actor is gone.
  void await_actors(shutdown_report& report);
  void leave_system();

  config cfg_;
  loom_extras extras_;
  std::shared_ptr<spdlog::logger> log_;
  std::optional<data_dir> dir_;

  std::unique_ptr<caf::actor_system_config> system_config_;
  std::unique_ptr<caf::actor_system> own_system_;
  caf::actor_system* system_ = nullptr;

  std::shared_ptr<directory> names_;
  std::shared_ptr<event_bus> events_;
  std::unique_ptr<porter> porter_;
  supervisor_actor root_;
  caf::actor cascade_;

  std::shared_ptr<gate> gate_ = std::make_shared<gate>();
  /// Whether a worker waits for the report before it ends.
  std::atomic<bool> closed_from_inside_{false};

  mutable std::mutex closing_;
  std::vector<shutdown_hook> hooks_;
  bool hooks_taken_ = false;
  std::shared_future<shutdown_report> report_;
  std::thread closer_;
  /// Whether the actor system can be destroyed: nobody is stuck in it.
  bool all_gone_ = false;
};

/// The actor system of a loom that was given none.
struct loom_system_config : caf::actor_system_config {
  explicit loom_system_config(std::int64_t threads);
};

} // namespace hololoom::detail
