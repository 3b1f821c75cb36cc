// The reflection buffer's throughput, beside SQLite alone on the same disk in
// the same run:
// - durable episodes per second and latency with 1, 8, 64 and 1,024 clients,
//   against SQLite that commits as many ready-made rows at a time, on one
//   thread, with the journal's settings and a prepared statement: once the same
//   bytes in a table without any index, once the journal's own rows, whose ids
//   are unique;
// - memory over a million episodes, and how fast they are recovered;
// - only with TOOLS: what it costs that episodes name as many tools, beside
// ten.
//
//   reflection_bench [DIRECTORY [SECONDS [EPISODES [TOOLS]]]]

#include "bare_sqlite.hpp"

#include <hololoom/actors/reflection/buffer.hpp>
#include <hololoom/actors/reflection/journal/journal.hpp>
#include <hololoom/messages/caf/actor_system.hpp>
#include <hololoom/messages/caf/type_ids.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace hololoom;
using namespace hololoom::bench;
namespace fs = std::filesystem;

struct config : caf::actor_system_config {
  config() {
    register_types(*this);
    // As a loom has it.
    set_threads(*this,
                std::max<std::size_t>(4, std::thread::hardware_concurrency()));
  }
};

/// The measurements of some clients.
struct served {
  std::int64_t stored = 0;
  steady::time_point begun;
  steady::time_point ended;
  std::vector<double> latencies_ms;
};

/// Clients that each store the next episode when the last one is durable. They
/// share an actor with a thread of its own, as a client's would be: the
/// scheduler's threads sleep up to 50 us between two looks for work. CAF looks
/// through all open requests of an actor for each answer, so it has no more
/// than `most`.
class clients {
public:
  static constexpr int most = 16;

  clients(caf::event_based_actor* self, reflection_actor buffer,
          std::int64_t tools, int count, steady::duration time,
          std::int64_t limit, std::promise<served> result)
    : self_(self),
      buffer_(std::move(buffer)),
      tools_(tools),
      begun_(steady::now()),
      end_(begun_ + time),
      limit_(limit),
      running_(count),
      result_(std::move(result)) {
    for (auto i = 0; i < count; ++i)
      next();
  }

private:
  void next() {
    static std::atomic<std::int64_t> number = 0;
    auto asked = steady::now();
    auto made = request();
    if (tools_ > 0)
      made.woven.tool_used = "tool-" + std::to_string(number++ % tools_);
    self_->request(buffer_, caf::infinite, std::move(made))
      .then(
        [this, asked](const reflect_ack&) {
          auto now = steady::now();
          if (limit_ == 0)
            latencies_.push_back(seconds(now - asked) * 1000);
          ++stored_;
          if (limit_ > 0 ? stored_ < limit_ : now < end_)
            next();
          else if (--running_ == 0)
            finish(now);
        },
        [](const caf::error& err) {
          std::fprintf(stderr, "%s\n", explain(err).c_str());
          std::exit(74);
        });
  }

  void finish(steady::time_point now) {
    result_.set_value({stored_, begun_, now, std::move(latencies_)});
    self_->quit();
  }

  caf::event_based_actor* self_;
  reflection_actor buffer_;
  std::int64_t tools_; ///< 0: the same one for all.
  steady::time_point begun_;
  steady::time_point end_;
  std::int64_t limit_;
  int running_;
  std::int64_t stored_ = 0;
  std::vector<double> latencies_;
  std::promise<served> result_;
};

long resident_kib() {
  std::ifstream in{"/proc/self/status"};
  for (std::string line; std::getline(in, line);)
    if (line.rfind("VmRSS:", 0) == 0)
      return std::atol(line.c_str() + 6);
  return 0;
}

/// A buffer of its own, gone at the end.
class bench_buffer {
public:
  explicit bench_buffer(const fs::path& directory, std::int64_t tools = 0)
    : tools_(tools) {
    reflection_options options;
    options.directory = directory.string();
    buffer_ = spawn_reflection_buffer(system_, options);
    caf::scoped_actor self{system_};
    self->request(buffer_, caf::infinite, metrics_query{})
      .receive([](const reflection_metrics&) {}, [](const caf::error&) {});
  }

  ~bench_buffer() {
    caf::scoped_actor self{system_};
    self->monitor(buffer_);
    self->send_exit(buffer_, caf::exit_reason::user_shutdown);
    self->receive([](const caf::down_msg&) {});
  }

  figures run(int count, steady::duration time, std::int64_t limit = 0) {
    std::vector<std::future<served>> results;
    for (auto left = count; left > 0; left -= clients::most) {
      auto share = std::min(left, clients::most);
      auto promise = std::make_shared<std::promise<served>>();
      results.push_back(promise->get_future());
      auto share_of_limit = limit * share / count;
      system_.spawn<caf::detached>(
        [=, buffer = buffer_, tools = tools_](caf::event_based_actor* self) {
          auto state =
            std::make_shared<clients>(self, buffer, tools, share, time,
                                      share_of_limit, std::move(*promise));
          return caf::behavior{[state](int) {
          }};
        });
    }
    served all{0, steady::time_point::max(), {}, {}};
    for (auto& result : results) {
      while (result.wait_for(std::chrono::seconds{2})
             == std::future_status::timeout)
        if (limit > 0)
          std::printf("    %7ld KiB resident\n", resident_kib());
      auto x = result.get();
      all.stored += x.stored;
      all.begun = std::min(all.begun, x.begun);
      all.ended = std::max(all.ended, x.ended);
      all.latencies_ms.insert(all.latencies_ms.end(), x.latencies_ms.begin(),
                              x.latencies_ms.end());
    }
    return summarise(static_cast<std::size_t>(all.stored),
                     all.ended - all.begun, all.latencies_ms);
  }

private:
  std::int64_t tools_;
  config config_;
  caf::actor_system system_{config_};
  reflection_actor buffer_;
};

figures ours(const fs::path& directory, int count, steady::duration time) {
  fs::remove_all(directory);
  return bench_buffer{directory}.run(count, time);
}

figures median(std::vector<figures> all) {
  std::sort(all.begin(), all.end(), [](const auto& x, const auto& y) {
    return x.per_second < y.per_second;
  });
  return all[all.size() / 2];
}

void compare(const fs::path& directory, steady::duration time) {
  std::printf("        |              buffer         | SQLite, same bytes, no "
              "index | SQLite, same rows, unique ids |     ratio\n"
              "clients |      per s  p50 ms  p99 ms |     per s  p50 ms  p99 "
              "ms   |     per s  p50 ms  p99 ms    | bytes   rows\n");
  for (auto count : {1, 8, 64, 1024}) {
    std::array<std::vector<figures>, 3> all;
    for (auto round = 0; round < 5; ++round) {
      all[0].push_back(ours(directory / "ours", count, time));
      all[1].push_back(bare(directory / "bare", count, false, time));
      all[2].push_back(bare(directory / "bare", count, true, time));
    }
    auto x = median(all[0]);
    auto y = median(all[1]);
    auto z = median(all[2]);
    std::printf("%7d |%10.0f %8.2f %7.2f |%10.0f %7.2f %7.2f   |%10.0f %7.2f "
                "%7.2f    | %5.2f  %5.2f\n",
                count, x.per_second, x.p50_ms, x.p99_ms, y.per_second, y.p50_ms,
                y.p99_ms, z.per_second, z.p50_ms, z.p99_ms,
                x.per_second / y.per_second, x.per_second / z.per_second);
    std::fflush(stdout);
  }
}

void recover(const fs::path& directory, std::int64_t episodes) {
  auto where = directory / "many";
  fs::remove_all(where);
  std::printf("\n%ld episodes from 1,024 clients:\n", long(episodes));
  {
    bench_buffer buffer{where};
    auto x = buffer.run(1024, {}, episodes);
    std::printf("    %.0f episodes/s\n", x.per_second);
  }
  std::printf("    %.0f MB on disk\n",
              static_cast<double>(fs::file_size(where / "journal.db")) / 1e6);
  {
    auto asked = steady::now();
    bench_buffer again{where};
    (void)again.run(1, {}, 1);
    std::printf("reopened: the next episode acknowledged after %.3f s\n",
                seconds(steady::now() - asked));
  }
  auto begun = steady::now();
  auto j = journal::open({where / "journal.db"});
  auto opened = steady::now();
  if (!j || (*j)->verify()) {
    std::fprintf(stderr, "the journal cannot be read back\n");
    std::exit(65);
  }
  auto verified = steady::now();
  std::printf("recovery: metrics and policy in %.3f s, every episode checked "
              "and what was learned made anew in %.2f s\n",
              seconds(opened - begun), seconds(verified - begun));
}

/// A buffer that knows `tools` names already.
figures with_tools(const fs::path& directory, std::int64_t tools, int count,
                   steady::duration time) {
  fs::remove_all(directory);
  bench_buffer buffer{directory, tools};
  buffer.run(64, {}, std::max<std::int64_t>(tools, 64));
  return buffer.run(count, time);
}

void compare_tools(const fs::path& directory, std::int64_t tools,
                   steady::duration time) {
  std::printf("\nclients |  10 tools per s | %6lld tools per s | ratio\n",
              static_cast<long long>(tools));
  for (auto count : {1, 64, 1024}) {
    std::vector<figures> few;
    std::vector<figures> many;
    for (auto round = 0; round < 5; ++round) {
      few.push_back(with_tools(directory / "tools", 10, count, time));
      many.push_back(with_tools(directory / "tools", tools, count, time));
    }
    auto x = median(few).per_second;
    auto y = median(many).per_second;
    std::printf("%7d | %15.0f | %18.0f | %5.2f\n", count, x, y, y / x);
    std::fflush(stdout);
  }
}

} // namespace

int main(int argc, char** argv) {
  fs::path directory = argc > 1 ? argv[1] : "reflection_bench.tmp";
  auto time = std::chrono::milliseconds{
    static_cast<std::int64_t>(1000 * (argc > 2 ? std::atof(argv[2]) : 2.0))};
  std::int64_t episodes = argc > 3 ? std::atol(argv[3]) : 1'000'000;
  std::int64_t tools = argc > 4 ? std::atol(argv[4]) : 0;
  if (tools > 0) {
    compare_tools(directory, tools, time);
  } else {
    compare(directory, time);
    if (episodes > 0)
      recover(directory, episodes);
  }
  fs::remove_all(directory);
}
