// hostile_program DATA GUEST...
// hostile_program DATA random SEED
//
// Opens a loom on DATA, lets the guests in, and says "ready". A signal or a
// guest closes the loom. The report is then in DATA/report.json, and the
// program says "closed" and waits for the end of its input, so that a test can
// compare the report with what lives. It ends with the report's exit code.

#include "hostile/ending.hpp"
#include "hostile/guest.hpp"
#include "hostile/random/guests.hpp"
#include "hostile/random/host.hpp"

#include <hololoom/runtime/signals.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <latch>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

using namespace hololoom;
using namespace hololoom::hostile;
using namespace std::chrono_literals;

namespace {

class host final : public house {
public:
  host(std::string data, std::ptrdiff_t guests)
    : data_(std::move(data)), awaited_(guests) {}

  caf::error open() {
    auto cfg = config::bare();
    cfg.data_dir = data_;
    cfg.shutdown.grace = millis{1'000};
    if (const auto* file = std::getenv("HOSTILE_LOG"))
      cfg.log.file = file;
    auto opened = hololoom::loom::open(std::move(cfg), extras(*this));
    if (!opened)
      return std::move(opened.error());
    loom_.emplace(std::move(*opened));
    return {};
  }

  hololoom::loom& loom() override { return *loom_; }
  void arrived() override { awaited_.count_down(); }
  void await_guests() { awaited_.wait(); }

  void close_from(std::string_view who) override {
    inside_.enter();
    asked();
    auto report = loom_->close("guest", std::string{who});
    if (report.exit_code == 70)
      say("refused: " + *report.flush.error);
    say("returned " + std::to_string(report.exit_code));
    inside_.leave();
  }

  void on_signal(int number, int count) {
    if (count > 1)
      return loom_->hurry();
    loom_->close_async(signal_name(number), "signal");
    asked();
  }

  void await_close() { asked_.get_future().wait(); }

  /// Joins the closing, and ends the loom once no guest is inside `close`.
  shutdown_report finish() {
    auto report = loom_->close("host");
    if (inside_.gone_within(2s))
      loom_.reset();
    else
      say("stays inside");
    return report;
  }

private:
  void asked() {
    if (!was_asked_.exchange(true))
      asked_.set_value();
  }

  std::string data_;
  std::optional<hololoom::loom> loom_;
  std::latch awaited_;
  visitors inside_; ///< In `close`.
  std::atomic<bool> was_asked_ = false;
  std::promise<void> asked_;
};

const guest* find(std::string_view name) {
  for (const auto* table : {&hanging_guests(), &closing_guests()})
    for (const auto& x : *table)
      if (x.name == name)
        return &x;
  return nullptr;
}

int run(int argc, char** argv) {
  signal_watch signals;
  std::vector<const guest*> guests;
  for (int i = 2; i < argc; ++i)
    if (guests.emplace_back(find(argv[i])); guests.back() == nullptr)
      return std::fprintf(stderr, "there is no guest %s\n", argv[i]), 64;
  // Never destroyed: a guest may hang in it.
  auto& in = *new host{argv[1], static_cast<std::ptrdiff_t>(guests.size())};
  if (auto err = in.open())
    return std::fprintf(stderr, "%s\n", explain(err).c_str()), 69;
  signals.start([&](int number, int count) { in.on_signal(number, count); });
  for (const auto* x : guests)
    x->enter(in);
  in.await_guests();
  say("ready");
  in.await_close();
  end_with(in.finish(), argv[1]);
}

} // namespace

int main(int argc, char** argv) {
  register_guest_processes();
  register_random_processes();
  if (auto code = run_if_child_process(argc, argv))
    return *code;
  if (argc < 2)
    return std::fprintf(stderr, "hostile_program DATA GUEST...\n"), 64;
  if (argc == 4 && argv[2] == std::string_view{"random"})
    run_random(argv[1], std::stoull(argv[3]));
  return run(argc, argv);
}
