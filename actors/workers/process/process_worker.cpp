#include <hololoom/actors/workers/process/process_registry.hpp>
#include <hololoom/actors/workers/process/process_watcher.hpp>
#include <hololoom/actors/workers/process/process_worker.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <chrono>
#include <csignal>
#include <exception>
#include <utility>

namespace hololoom::detail {

process_worker::process_worker(caf::actor_config& cfg, start_context parent,
                               process_options options)
  : worker_actor(cfg),
    parent_(std::move(parent)),
    options_(std::move(options)),
    lines_{line_cutter{options_.longest_line},
           line_cutter{options_.longest_line}} {}

caf::behavior process_worker::make_behavior() {
  listen();
  process_plan plan;
  plan.program = "/proc/self/exe";
  plan.arguments = child_arguments(options_.function, options_.arguments);
  plan.environment = options_.environment;
  plan.own_group = options_.own_group;
  plan.wants_output = options_.on_output != nullptr;
  auto process = std::make_shared<child_process>(caf::strong_actor_ptr{ctrl()},
                                                 std::move(plan));
  {
    lock_guard guard{mutex_};
    process_ = process;
  }
  if (killed_)
    force();
  try {
    process_watcher::instance().start(process);
  } catch (...) {
    process->forget_owner();
    auto reason = crash("start of a process", std::current_exception());
    parent_.failed(reason);
    conclude(std::move(reason));
    return {};
  }
  return {[this](process_started x) { started(x.pid); },
          [this](const process_chunk& x) { output(x); },
          [this](process_ended& x) {
            ended(x.how);
          }};
}

void process_worker::enqueue(caf::mailbox_element_ptr x, execution_unit* unit) {
  if (!is_kill(*x))
    return worker_actor::enqueue(std::move(x), unit);
  // CAF would end the actor before the process.
  killed_ = true;
  force();
}

void process_worker::on_exit() {
  if (auto child = process()) {
    child->forget_owner();
    child->signal(SIGKILL);
  }
  options_.on_output = nullptr;
  // The ledger in it may keep this actor.
  parent_ = {};
}

std::optional<work_note> process_worker::doing() const {
  lock_guard guard{mutex_};
  return note_;
}

void process_worker::force() {
  if (auto child = process())
    child->signal(SIGKILL);
}

void process_worker::on_stop() {
  process()->signal(SIGTERM);
}

void process_worker::started(pid_t pid) {
  {
    lock_guard guard{mutex_};
    note_ = work_note{"process " + std::to_string(pid) + " runs '"
                        + options_.function + "'",
                      std::chrono::steady_clock::now()};
  }
  answered_ = true;
  parent_.ready();
}

void process_worker::output(const process_chunk& x) {
  lines_[x.stream - 1].add(
    x.bytes, [this, &x](std::string_view line) { forward(x.stream, line); });
  if (process()->consumed(x.bytes.size()))
    process_watcher::instance().poke();
}

void process_worker::forward(int stream, std::string_view line) {
  if (!options_.on_output || broken_ || killed_)
    return;
  try {
    options_.on_output({static_cast<process_output::stream>(stream), line});
  } catch (...) {
    broken_ = crash("on_output function", std::current_exception());
    force();
  }
}

void process_worker::ended(const process_end& how) {
  for (int stream : {1, 2})
    lines_[stream - 1].finish(
      [this, stream](std::string_view line) { forward(stream, line); });
  auto obeyed = stopping()
             && (how.signal == SIGTERM || how.code == 128 + SIGTERM
                 || is(how.trouble, errc::cancelled));
  caf::error reason = broken_;
  if (killed_)
    reason = caf::make_error(caf::exit_reason::kill);
  else if (!broken_ && !obeyed && (how.trouble || how.code != 0))
    reason = how.trouble ? how.trouble : failure(errc::crashed, describe(how));
  if (!answered_)
    parent_.failed(reason ? reason : stopping());
  conclude(std::move(reason));
}

std::shared_ptr<child_process> process_worker::process() const {
  lock_guard guard{mutex_};
  return process_;
}

start_result start_process_worker(const start_context& ctx,
                                  const process_options& options) {
  if (auto reason = check_process_function(options.function))
    return start_result::failure(std::move(reason));
  auto worker = caf::actor_cast<caf::actor>(
    ctx.system->spawn<process_worker>(ctx, options));
  return start_result::pending(worker, probe_of<process_worker>(worker));
}

} // namespace hololoom::detail
