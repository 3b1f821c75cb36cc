#include <hololoom/runtime/cli/session.hpp>
#include <hololoom/runtime/data_dir.hpp>
#include <hololoom/runtime/signals.hpp>

#include <csignal>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <sys/eventfd.h>
#include <tuple>
#include <unistd.h>
#include <utility>

namespace hololoom::cli {

namespace {

constexpr int signal_base = 128;

std::string signal_name(int signal) {
  return signal == SIGINT ? "SIGINT" : "SIGTERM";
}

} // namespace

/// Outlives the session, as the signal thread may.
struct session::state {
  state() : interrupt(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~state() { ::close(interrupt); }
  state(const state&) = delete;
  state& operator=(const state&) = delete;

  /// On the signal thread.
  void on_signal(int number, int count) {
    std::lock_guard guard{mutex};
    if (count == 1) {
      signal = number;
      std::uint64_t one = 1;
      std::ignore = ::write(interrupt, &one, sizeof(one));
      begin_close();
    } else if (opened) {
      opened->hurry();
    }
  }

  /// @pre `mutex` is held.
  void begin_close() {
    if (opened && signal != 0 && !direct)
      opened->close_async(signal_name(signal), "signal");
  }

  const int interrupt;
  mutable std::mutex mutex;
  int signal = 0;
  bool direct = false;
  std::optional<hololoom::loom> opened;
};

session::session(context ctx) : ctx_(ctx), state_(std::make_shared<state>()) {
  if (ctx_.signals != nullptr)
    ctx_.signals->start([state = state_](int number, int count) {
      state->on_signal(number, count);
    });
}

session::~session() {
  close(0);
}

caf::error session::open(config cfg) {
  auto opened = hololoom::loom::open(std::move(cfg));
  if (!opened)
    return std::move(opened.error());
  std::lock_guard guard{state_->mutex};
  state_->opened.emplace(std::move(*opened));
  state_->begin_close();
  return {};
}

hololoom::loom& session::loom() {
  return *state_->opened;
}

int session::signal() const {
  std::lock_guard guard{state_->mutex};
  return state_->signal;
}

int session::interrupt_fd() const {
  return state_->interrupt;
}

session::direct_use::direct_use(session& with) : with_(with) {
  std::lock_guard guard{with_.state_->mutex};
  with_.state_->direct = true;
}

session::direct_use::~direct_use() {
  std::lock_guard guard{with_.state_->mutex};
  with_.state_->direct = false;
  with_.state_->begin_close();
}

int session::close(int code) {
  if (state_->opened) {
    // The signal thread may still reach it, to hurry.
    auto number = signal();
    auto report = number == 0
                  ? state_->opened->close("done")
                  : state_->opened->close(signal_name(number), "signal");
    auto forced = tell(report, ctx_.out);
    std::lock_guard guard{state_->mutex};
    state_->opened.reset();
    if (forced != 0)
      return forced;
  }
  auto number = signal();
  return number == 0 ? code : signal_base + number;
}

int session::fail(const caf::error& err) {
  if (signal() == 0)
    return close(ctx_.out.fail(err));
  return close(0);
}

int tell(const shutdown_report& report, console& out) {
  for (const auto& child : report.children)
    if (child.forced)
      out.note("hololoom: " + child.name + " was "
               + std::string{name_of(child.how)}
               + (child.doing ? " while " + *child.doing : ""));
  if (report.flush.error)
    out.note("hololoom: the flush failed: " + *report.flush.error);
  return report.exit_code;
}

caf::expected<config> config_for(const loom_options& options) {
  auto result = options.config.empty() ? caf::expected<config>{config::fused()}
                                       : config::load(options.config);
  if (!result)
    return result;
  if (!options.data.empty())
    result->data_dir = options.data;
  else if (result->data_dir.empty())
    result->data_dir = default_data_dir().string();
  return result;
}

} // namespace hololoom::cli
