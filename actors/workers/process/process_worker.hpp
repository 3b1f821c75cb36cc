#pragma once

#include <hololoom/actors/workers/process/child_process.hpp>
#include <hololoom/actors/workers/process/process.hpp>
#include <hololoom/actors/workers/worker_actor.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace hololoom::detail {

/// Cuts a stream of bytes into lines; what is beyond `longest` of a line is
/// dropped. A carriage return before the end belongs to the end.
class line_cutter {
public:
  explicit line_cutter(std::size_t longest) : longest_(longest) {}

  /// Calls `f(line)` for each line that ends in `bytes`.
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

  /// Calls `f(line)` for a last line that has no end.
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

/// The actor of a process. It can serve once the process was started, and ends
/// when the process has. An exit message sends SIGTERM; a kill, or the end of
/// the actor for whatever reason, SIGKILL. It blocks on nothing.
class process_worker final : public worker_actor {
public:
  process_worker(caf::actor_config& cfg, start_context parent,
                 process_options options);

  caf::behavior make_behavior() override;
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
  /// Said `ready` or `failed`.
  bool answered_ = false;

  mutable std::mutex mutex_; // guards what a probe reads
  std::shared_ptr<child_process> process_;
  std::optional<work_note> note_;
};

/// Starts the worker of a process; `ready` follows.
start_result start_process_worker(const start_context& ctx,
                                  const process_options& options);

} // namespace hololoom::detail
