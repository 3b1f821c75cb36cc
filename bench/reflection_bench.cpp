// What the reflection buffer does, beside SQLite alone on the same disk in the
// same run:
// - durable episodes per second and latency with 1, 8, 64 and 1,024 clients,
//   against commits of the same bytes in batches of as many rows;
// - memory over a million episodes, and how fast they are recovered.
//
//   reflection_bench [DIRECTORY [SECONDS [EPISODES]]]

#include <hololoom/actors/reflection/buffer.hpp>
#include <hololoom/actors/reflection/journal.hpp>
#include <hololoom/messages/type_ids.hpp>
#include <hololoom/messages/uuid.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <vector>

namespace {

using namespace hololoom;
using steady = std::chrono::steady_clock;
namespace fs = std::filesystem;

struct config : caf::actor_system_config {
  config() { register_types(*this); }
};

/// What a run measured.
struct figures {
  double per_second = 0;
  double p50_ms = 0;
  double p99_ms = 0;
};

double seconds(steady::duration x) {
  return std::chrono::duration<double>(x).count();
}

figures summarise(std::size_t rows, steady::duration took,
                  std::vector<double>& latencies_ms) {
  std::sort(latencies_ms.begin(), latencies_ms.end());
  auto at = [&](double share) {
    return latencies_ms.empty()
           ? 0.0
           : latencies_ms[static_cast<std::size_t>(
             share * static_cast<double>(latencies_ms.size() - 1))];
  };
  return {static_cast<double>(rows) / seconds(took), at(.5), at(.99)};
}

/// An episode of about a kilobyte in the journal.
reflect_request request() {
  reflect_request result;
  result.woven.query_text = "How are Debian packages licensed?";
  result.woven.response = std::string(180, 'r');
  result.woven.tool_used = "answer";
  result.woven.confidence = 0.5;
  result.woven.metadata.set("pattern_card", "Fast Threading");
  return result;
}

constexpr std::size_t row_bytes = 1024;

/// Clients that each store the next episode when the last one is durable.
class clients {
public:
  clients(caf::event_based_actor* self, reflection_actor buffer, int count,
          steady::duration time, std::int64_t limit,
          std::promise<figures> result)
    : self_(self),
      buffer_(std::move(buffer)),
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
    auto asked = steady::now();
    self_->request(buffer_, caf::infinite, request())
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
    result_.set_value(
      summarise(static_cast<std::size_t>(stored_), now - begun_, latencies_));
    self_->quit();
  }

  caf::event_based_actor* self_;
  reflection_actor buffer_;
  steady::time_point begun_;
  steady::time_point end_;
  std::int64_t limit_;
  int running_;
  std::int64_t stored_ = 0;
  std::vector<double> latencies_;
  std::promise<figures> result_;
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
  explicit bench_buffer(const fs::path& directory) {
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
    std::promise<figures> promise;
    auto result = promise.get_future();
    system_.spawn([&](caf::event_based_actor* self) {
      auto state = std::make_shared<clients>(self, buffer_, count, time, limit,
                                             std::move(promise));
      return caf::behavior{[state](int) {
      }};
    });
    while (result.wait_for(std::chrono::seconds{2})
           == std::future_status::timeout)
      if (limit > 0)
        std::printf("    %7ld KiB resident\n", resident_kib());
    return result.get();
  }

private:
  config config_;
  caf::actor_system system_{config_};
  reflection_actor buffer_;
};

figures ours(const fs::path& directory, int count, steady::duration time) {
  fs::remove_all(directory);
  return bench_buffer{directory}.run(count, time);
}

void run_sql(sqlite3* db, const char* sql) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    std::fprintf(stderr, "%s\n", sqlite3_errmsg(db));
    std::exit(74);
  }
}

/// SQLite alone: the same bytes, as many rows in a commit as there are clients.
figures bare(const fs::path& directory, int batch, steady::duration time) {
  fs::remove_all(directory);
  fs::create_directories(directory);
  sqlite3* db = nullptr;
  sqlite3_open((directory / "bare.db").c_str(), &db);
  run_sql(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
              "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=10000;"
              "CREATE TABLE t(n INTEGER PRIMARY KEY, body TEXT)");
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(db, "INSERT INTO t(body) VALUES(?)", -1, &insert, nullptr);
  std::string body(row_bytes, 'b');
  std::vector<double> latencies;
  std::size_t rows = 0;
  auto begun = steady::now();
  auto now = begun;
  while (now < begun + time) {
    auto before = now;
    run_sql(db, "BEGIN IMMEDIATE");
    for (auto i = 0; i < batch; ++i, ++rows) {
      sqlite3_bind_text(insert, 1, body.data(), static_cast<int>(body.size()),
                        SQLITE_STATIC);
      sqlite3_step(insert);
      sqlite3_reset(insert);
    }
    run_sql(db, "COMMIT");
    now = steady::now();
    latencies.push_back(seconds(now - before) * 1000);
  }
  sqlite3_finalize(insert);
  sqlite3_close(db);
  return summarise(rows, now - begun, latencies);
}

figures median(std::vector<figures> all) {
  std::sort(all.begin(), all.end(), [](const auto& x, const auto& y) {
    return x.per_second < y.per_second;
  });
  return all[all.size() / 2];
}

void compare(const fs::path& directory, steady::duration time) {
  std::printf("clients |   buffer/s   p50 ms   p99 ms |   SQLite/s   p50 ms"
              "   p99 ms | ratio\n");
  for (auto count : {1, 8, 64, 1024}) {
    std::vector<figures> a;
    std::vector<figures> b;
    for (auto round = 0; round < 3; ++round) {
      a.push_back(ours(directory / "ours", count, time));
      b.push_back(bare(directory / "bare", count, time));
    }
    auto x = median(a);
    auto y = median(b);
    std::printf("%7d | %10.0f %8.2f %8.2f | %10.0f %8.2f %8.2f | %5.2f\n",
                count, x.per_second, x.p50_ms, x.p99_ms, y.per_second, y.p50_ms,
                y.p99_ms, x.per_second / y.per_second);
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

} // namespace

int main(int argc, char** argv) {
  fs::path directory = argc > 1 ? argv[1] : "reflection_bench.tmp";
  auto time = std::chrono::milliseconds{
    static_cast<std::int64_t>(1000 * (argc > 2 ? std::atof(argv[2]) : 2.0))};
  std::int64_t episodes = argc > 3 ? std::atol(argv[3]) : 1'000'000;
  compare(directory, time);
  if (episodes > 0)
    recover(directory, episodes);
  fs::remove_all(directory);
}
