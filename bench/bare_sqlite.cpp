#include "bare_sqlite.hpp"

#include <hololoom/actors/reflection/journal/journal.hpp>
#include <hololoom/actors/reflection/make_episode.hpp>
#include <hololoom/messages/json/value.hpp>
#include <hololoom/messages/uuid.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace hololoom::bench {

namespace {

namespace fs = std::filesystem;

void run_sql(sqlite3* db, const char* sql) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    std::fprintf(stderr, "%s\n", sqlite3_errmsg(db));
    std::exit(74);
  }
}

/// SQLite alone, on one thread.
class bare_sqlite {
public:
  bare_sqlite(const fs::path& directory, bool indexed) : indexed_(indexed) {
    fs::remove_all(directory);
    fs::create_directories(directory);
    sqlite3_open((directory / "bare.db").c_str(), &db_);
    run_sql(db_, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
                 "PRAGMA synchronous=EXTRA; PRAGMA temp_store=MEMORY;"
                 "PRAGMA cell_size_check=ON; PRAGMA wal_autocheckpoint=10000");
    run_sql(db_, indexed ? "CREATE TABLE t(n INTEGER PRIMARY KEY,"
                           " id TEXT NOT NULL UNIQUE, at INTEGER, tool TEXT,"
                           " pattern TEXT, reward REAL, success INTEGER,"
                           " formula INTEGER, confidence REAL, duration REAL,"
                           " length INTEGER, discount REAL, body TEXT,"
                           " checksum INTEGER)"
                         : "CREATE TABLE t(n INTEGER PRIMARY KEY, body TEXT)");
    sqlite3_prepare_v2(db_,
                       indexed
                         ? "INSERT INTO t VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
                         : "INSERT INTO t VALUES(?,?)",
                       -1, &insert_, nullptr);
    auto made = make_episode(reflection_options{}, request());
    row_ = row_of(*made, 1);
  }
  bare_sqlite(const bare_sqlite&) = delete;
  bare_sqlite& operator=(const bare_sqlite&) = delete;

  ~bare_sqlite() {
    sqlite3_finalize(insert_);
    sqlite3_close(db_);
  }

  figures run(int batch, steady::duration time) {
    std::vector<double> latencies;
    auto begun = steady::now();
    auto now = begun;
    while (now < begun + time) {
      auto before = now;
      run_sql(db_, "BEGIN IMMEDIATE");
      for (auto i = 0; i < batch; ++i)
        insert();
      run_sql(db_, "COMMIT");
      now = steady::now();
      latencies.push_back(seconds(now - before) * 1000);
    }
    return summarise(static_cast<std::size_t>(row_.sequence), now - begun,
                     latencies);
  }

private:
  void insert() {
    const auto& r = row_;
    ++row_.sequence;
    integer(1, row_.sequence);
    if (indexed_) {
      auto id = make_uuid();
      text(2, id);
      integer(3, r.learned.at.time_since_epoch().count());
      text(4, r.learned.tool);
      text(5, r.learned.pattern);
      sqlite3_bind_double(insert_, 6, r.learned.reward);
      integer(7, r.learned.success);
      integer(8, static_cast<std::int64_t>(r.formula));
      sqlite3_bind_double(insert_, 9, r.learned.confidence);
      sqlite3_bind_double(insert_, 10, r.learned.duration_ms);
      integer(11, r.learned.query_length);
      sqlite3_bind_double(insert_, 12, r.learned.discount);
      text(13, r.body);
      integer(14, 0xffffffff);
      step();
    } else {
      text(2, r.body);
      step();
    }
  }

  void integer(int i, std::int64_t x) { sqlite3_bind_int64(insert_, i, x); }
  void text(int i, const std::string& x) {
    sqlite3_bind_text(insert_, i, x.data(), static_cast<int>(x.size()),
                      SQLITE_STATIC);
  }
  void step() {
    if (sqlite3_step(insert_) != SQLITE_DONE)
      run_sql(db_, "not done");
    sqlite3_reset(insert_);
  }

  bool indexed_;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  episode_row row_;
};

} // namespace

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

reflect_request request() {
  reflect_request result;
  result.woven.query_text = "How are Debian packages licensed?";
  result.woven.response = std::string(180, 'r');
  result.woven.tool_used = "answer";
  result.woven.confidence = 0.5;
  result.woven.metadata.set("pattern_card", "Fast Threading");
  return result;
}

figures bare(const fs::path& directory, int batch, bool indexed,
             steady::duration time) {
  return bare_sqlite{directory, indexed}.run(batch, time);
}

} // namespace hololoom::bench
