#pragma once

#include <hololoom/actors/workers/process/child_process.hpp>
#include <hololoom/actors/workers/process/process.hpp>
#include <hololoom/actors/workers/worker_actor.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>

namespace hololoom::detail {

/// Cuts a stream of bytes into lines, each cut off after `longest` bytes. A
/// carriage return before the line feed is part of the line's end.
class line_cutter {
public:
  explicit line_cutter(std::size_t longest) : longest_(longest) {}

  /// Calls `f(line)` for every line that ends in `bytes`.
  template <class F>
  void add(std::string_view bytes, F&& f) {
    while (!bytes.empty()) {
      auto end = bytes.find('\n');
      auto part = bytes.substr(0, end);
      rest_.append(part.substr(0, longest_ - std::min(longest_, rest_.size())));
      pending_ = true;
      if (end == std::string_view::npos)
        return;
      finish(f);
      bytes.remove_prefix(end + 1);
    }
  }

  /// Calls `f(line)` for a last line without an end.
  template <class F>
  void finish(F&& f) {
    if (!pending_)
      return;
    pending_ = false;
    if (!rest_.empty() && rest_.back() == '\r')
      rest_.pop_back();
    f(std::string_view{rest_});
    rest_.clear();
  }

private:
  std::size_t longest_;
  std::string rest_;
  bool pending_ = false;
};

/// The actor of a process. It is ready once the process has started, and ends
/// when the process has been reaped and all of its group has ended, so that a
/// successor finds nothing in use. An exit message sends SIGTERM. A kill sends
/// SIGKILL; the actor ends a moment later, unless the kernel cannot end the
/// process. It never blocks.
class process_worker final : public worker_actor {
public:
  process_worker(caf::actor_config& cfg, start_context parent,
                 process_options options);

  caf::behavior make_behavior() override;
  using worker_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr x, execution_unit* unit) override;
  void on_exit() override;
  const char* name() const override { return "process"; }

  // -- child_probe ------------------------------------------------------------

  std::optional<work_note> doing() const override;
  void force() override;

private:
  void on_stop() override;
  void started(pid_t pid);
  void output(const process_chunk& x);
  void ended(const process_end& how);
  void forward(int stream, std::string_view line);
  std::shared_ptr<child_process> process() const;

  start_context parent_;
  process_options options_;
  line_cutter lines_[2];
  /// Whether the supervisor has been told `ready` or `failed`.
  bool answered_ = false;
  /// The error of an `on_output` that threw.
  caf::error broken_;
  std::atomic<bool> killed_ = false;

  mutable mutex mutex_;
  std::shared_ptr<child_process> process_ HOLOLOOM_GUARDED_BY(mutex_);
  std::optional<work_note> note_ HOLOLOOM_GUARDED_BY(mutex_);
};

/// Starts the worker of a process, which reports `ready` later.
start_result start_process_worker(const start_context& ctx,
                                  const process_options& options);

} // namespace hololoom::detail
