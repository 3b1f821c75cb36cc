// The sample shows:
//   1. a long-lived service around a loom, with `process` and `shutdown`;
//   2. four clients that use it at once, each on a thread of its own;
//   3. SIGTERM while they do: weaves under way are answered, later ones are
//      refused with a reason, and none is lost in between;
//   4. the report that confirms it.
// It checks its claims, and ends with 1 if one is false.

#include "claims.hpp"

#include <hololoom/messages/json/write.hpp>
#include <hololoom/runtime/loom.hpp>
#include <hololoom/runtime/signals.hpp>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

/// A service that a program keeps while it runs.
class hololoom_service {
public:
  hololoom_service(hololoom::config cfg, std::vector<hololoom::shard> shards)
    : loom_(open(std::move(cfg), std::move(shards))) {}

  /// Answers a query. Thread-safe.
  caf::expected<hololoom::spacetime> process(std::string text) {
    return loom_.weave(std::move(text));
  }

  /// Closes the loom in order. Thread-safe and idempotent.
  hololoom::shutdown_report shutdown(std::string reason) {
    return loom_.close(std::move(reason));
  }

private:
  static hololoom::loom open(hololoom::config cfg,
                             std::vector<hololoom::shard> shards) {
    auto opened = hololoom::loom::open(std::move(cfg));
    if (!opened) {
      std::cerr << hololoom::explain(opened.error()) << '\n';
      std::exit(1);
    }
    if (auto kept = opened->remember(std::move(shards)); !kept)
      std::cerr << hololoom::explain(kept.error()) << '\n';
    return std::move(*opened);
  }

  hololoom::loom loom_;
};

/// The outcomes of all clients' queries.
struct tally {
  std::atomic<int> asked = 0;
  std::atomic<int> answered = 0;
  std::atomic<int> refused = 0;
  std::atomic<int> failed = 0;
};

/// Sends queries until the service refuses one because it ends.
void client(hololoom_service& service, tally& count) {
  using hololoom::errc;
  for (;;) {
    ++count.asked;
    auto woven = service.process("What is a reflection buffer?");
    if (woven) {
      ++count.answered;
      continue;
    }
    auto code = hololoom::code_of(woven.error());
    auto ends = code == errc::shutting_down || code == errc::closed;
    ++(ends ? count.refused : count.failed);
    if (ends)
      return;
    std::cerr << "  " << hololoom::explain(woven.error()) << '\n';
  }
}

constexpr int enough = 200;

} // namespace

int main() {
  // Created before any other thread, so that it alone receives the signals.
  hololoom::signal_watch signals;
  demo::claims claims;
  hololoom_service service{
    hololoom::config::fast(),
    {{.id = "buffer",
      .text = "The reflection buffer keeps feedback on answers. It "
              "acknowledges an episode when it is on disk."},
     {.id = "shuttle", .text = "The shuttle hands queries to weavers."}}};
  signals.start([&](int, int) { service.shutdown("SIGTERM"); });

  std::cout << "Four clients ask until the service ends.\n";
  tally count;
  std::vector<std::thread> clients;
  clients.reserve(4);
  for (int i = 0; i < 4; ++i)
    clients.emplace_back([&] { client(service, count); });
  while (count.answered < enough && count.refused == 0)
    std::this_thread::yield();
  std::cout << "After " << enough << " answers, SIGTERM.\n";
  ::kill(::getpid(), SIGTERM);
  for (auto& thread : clients)
    thread.join();

  auto report = service.shutdown("the end of main");
  std::cout << "  " << hololoom::json_text(report.weaves) << ", "
            << report.total.count() << " ms in all\n";
  claims.check(report.reason == "SIGTERM", "the signal began the cascade");
  claims.check(count.asked == count.answered + count.refused,
               "every query was answered or refused with a reason");
  claims.check(count.failed == 0 && report.weaves.cut == 0,
               "no weave under way was cut");
  claims.check(report.flush.acknowledged, "the buffer acknowledged its flush");
  claims.check(report.exit_code == 0, "nothing had to be ended by force");
  return claims.exit_code();
}
