#include <hololoom/messages/sync.hpp>
#include <hololoom/runtime/cli/session.hpp>
#include <hololoom/runtime/cli/terminal/render.hpp>
#include <hololoom/runtime/data_dir.hpp>
#include <hololoom/runtime/finish.hpp>
#include <hololoom/runtime/signals.hpp>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace hololoom::cli {

namespace {

constexpr int signal_base = 128;

/// Prints what did not end well.
/// @returns the report's exit code
int print(const shutdown_report& report, console& out) {
  for (const auto& trouble : troubles_of(report))
    out.note("hololoom: " + trouble);
  return report.exit_code;
}

} // namespace

/// Shared with the signal thread, which may outlive the session.
struct session::state {
  state(on_signal x, console::hurry_flag y)
    : reaction(x),
      interrupt(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      hurry_output(std::move(y)) {
    if (interrupt < 0)
      throw std::system_error{errno, std::generic_category(),
                              "cannot watch signals"};
  }
  ~state() { ::close(interrupt); }
  state(const state&) = delete;
  state& operator=(const state&) = delete;

  /// Called on the signal thread.
  void receive(int number, int count) {
    *hurry_output = true;
    lock_guard guard{mutex_};
    if (count == 1) {
      signal = number;
      stop.request_stop();
      std::uint64_t one = 1;
      std::ignore = ::write(interrupt, &one, sizeof(one));
      begin_close();
    } else if (opened) {
      opened->hurry();
    }
  }

  void begin_close() HOLOLOOM_REQUIRES(mutex_) {
    if (opened && signal != 0 && reaction == on_signal::close)
      opened->close_async(signal_name(signal), "signal");
  }

  const on_signal reaction;
  const int interrupt;
  const console::hurry_flag hurry_output;
  mutable mutex mutex_;
  int signal HOLOLOOM_GUARDED_BY(mutex_) = 0;
  std::stop_source stop;
  /// Set and reset under the lock by the command's thread alone, which reads it
  /// without.
  std::optional<hololoom::loom> opened;
};

session::session(context ctx, on_signal reaction)
  : ctx_(ctx), state_(std::make_shared<state>(reaction, ctx.out.hurry())) {
  ctx_.signals.start(
    [state = state_](int number, int count) { state->receive(number, count); });
}

session::~session() {
  close(0);
}

caf::error session::open(config cfg) {
  loom_extras extras;
  extras.on_progress = [this](const start_progress& x) {
    ctx_.out.status(render(x, bar_line_width));
  };
  extras.stop = stop_token();
  auto opened = hololoom::loom::open(std::move(cfg), std::move(extras));
  ctx_.out.status({});
  if (!opened)
    return std::move(opened.error());
  lock_guard guard{state_->mutex_};
  state_->opened.emplace(std::move(*opened));
  state_->begin_close();
  return {};
}

hololoom::loom& session::loom() {
  return *state_->opened;
}

int session::signal() const {
  lock_guard guard{state_->mutex_};
  return state_->signal;
}

std::stop_token session::stop_token() const {
  return state_->stop.get_token();
}

int session::interrupt_fd() const {
  return state_->interrupt;
}

int session::close(int code) {
  if (state_->opened) {
    // Not under the lock: the signal thread must be able to hurry the loom.
    auto number = signal();
    auto report = number == 0
                  ? state_->opened->close("done")
                  : state_->opened->close(signal_name(number), "signal");
    auto forced = print(report, ctx_.out);
    lock_guard guard{state_->mutex_};
    state_->opened.reset();
    if (forced != 0)
      return forced;
  }
  auto number = signal();
  return number == 0 ? code : signal_base + number;
}

int session::fail(const caf::error& err) {
  // What does not end outlives the signal.
  if (!state_->opened && is(err, errc::stuck)) {
    ctx_.out.fail(err);
    return static_cast<int>(exit_code::forced);
  }
  if (signal() == 0)
    return close(ctx_.out.fail(err));
  if (!state_->opened)
    ctx_.out.note("stopped before it began: the stores were being opened");
  return close(0);
}

int with_loom(context ctx, caf::expected<config> cfg,
              const std::function<caf::expected<int>(session&)>& work,
              session::on_signal reaction) {
  session with{ctx, reaction};
  if (!cfg)
    return ctx.out.fail(cfg.error());
  if (auto err = with.open(std::move(*cfg)))
    return with.fail(err);
  auto code = work(with);
  return code ? with.close(*code) : with.fail(code.error());
}

caf::expected<config> config_for(const loom_options& options, bool keeps) {
  auto result = options.config.empty() ? caf::expected<config>{config::fused()}
                                       : config::load(options.config);
  if (!result)
    return result;
  if (!options.data.empty())
    result->data_dir = options.data;
  if (!keeps)
    result->data_dir.clear();
  if (!keeps || !result->data_dir.empty())
    return result;
  auto dir = default_data_dir();
  if (!dir)
    return std::move(dir.error());
  result->data_dir = dir->string();
  return result;
}

} // namespace hololoom::cli
