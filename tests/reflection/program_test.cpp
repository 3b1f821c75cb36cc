// What the program acknowledged survives a kill and a flipped bit.

#include "reflection/small_disk.hpp"
#include "runtime/program.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <thread>

using namespace hololoom;
using namespace hololoom::test;

namespace {

/// 200, or HOLOLOOM_CRASH_ROUNDS.
int rounds() {
  auto text = std::getenv("HOLOLOOM_CRASH_ROUNDS");
  return text ? std::atoi(text) : 200;
}

/// A line for `episodes import -`, short enough for one atomic write.
std::string line_for(const std::string& id) {
  return R"({"id": ")" + id + R"(", "query_text": "question )" + id
       + R"(", "response": "an answer", "tool_used": "answer", )"
         R"("confidence": 0.5, "feedback": {"rating": 4}})"
         "\n";
}

/// `hololoom episodes import -` with several feeders that write lines for as
/// long as it reads them.
class fed_program {
public:
  static constexpr int feeders = 4;

  /// @param again ids that are stored again before new ones.
  fed_program(const program& hololoom, const std::string& data, int round,
              const std::set<std::string>& again)
    : child_(hololoom.command({"episodes", "import", "-", "--data", data}),
             hololoom.environment()) {
    for (auto k = 0; k < feeders; ++k)
      threads_.emplace_back([this, k, round, &again] {
        if (k == 0)
          for (const auto& id : again)
            if (!child_.write(line_for(id)))
              return;
        auto prefix = std::to_string(round) + "-" + std::to_string(k) + "-";
        for (auto i = 0;; ++i) {
          auto id = prefix + std::to_string(i);
          written_[k].insert(id);
          if (!child_.write(line_for(id)) || !child_.write(line_for(id)))
            return;
        }
      });
  }

  ~fed_program() { kill(); }
  fed_program(const fed_program&) = delete;
  fed_program& operator=(const fed_program&) = delete;

  void wait_for_answers(int n) {
    for (auto i = 0; i < n; ++i)
      take(child_.read_line());
  }

  void kill() {
    if (threads_.empty())
      return;
    child_.send_signal(SIGKILL);
    auto ended = child_.wait();
    killed_ = ended.signal == SIGKILL;
    for (auto& thread : threads_)
      thread.join();
    threads_.clear();
    // A line that was cut short acknowledges nothing.
    const auto& out = ended.out;
    for (std::size_t at = 0, end;
         (end = out.find('\n', at)) != std::string::npos; at = end + 1)
      take(out.substr(at, end - at));
  }

  /// Whether the program ran until it was killed.
  bool killed() const { return killed_; }
  const std::set<std::string>& acknowledged() const { return acknowledged_; }
  const std::vector<std::string>& refused() const { return refused_; }

  /// The ids that the program may have read. Call it after `kill`.
  std::set<std::string> written() const {
    std::set<std::string> result;
    for (const auto& ids : written_)
      result.insert(ids.begin(), ids.end());
    return result;
  }

private:
  void take(const std::string& text) {
    auto answer = parsed(text);
    if (answer["durable"] == true)
      acknowledged_.insert(answer["id"].get<std::string>());
    else
      refused_.push_back(text);
  }

  process child_;
  std::set<std::string> written_[feeders];
  std::vector<std::thread> threads_;
  std::set<std::string> acknowledged_;
  std::vector<std::string> refused_;
  bool killed_ = false;
};

/// What `hololoom episodes --json` lists: how often each id is there, with the
/// question that was asked.
struct listing {
  std::set<std::string> ids;
  std::vector<std::string> twice;
  std::vector<std::string> torn;
};

listing list(const program& hololoom, const std::string& data) {
  auto listed = hololoom.run({"episodes", "--json", "--data", data});
  INFO(listed.err);
  REQUIRE(listed.code == 0);
  listing result;
  for (const auto& x : parsed_lines(listed.out)) {
    auto id = x["id"].get<std::string>();
    if (!result.ids.insert(id).second)
      result.twice.push_back(id);
    if (x["spacetime"]["query_text"] != "question " + id)
      result.torn.push_back(id);
  }
  return result;
}

std::vector<std::string> missing(const std::set<std::string>& wanted,
                                 const std::set<std::string>& there) {
  std::vector<std::string> result;
  std::set_difference(wanted.begin(), wanted.end(), there.begin(), there.end(),
                      std::back_inserter(result));
  return result;
}

/// The only place of `part` in a file.
std::size_t place_of(const std::string& file, const std::string& part) {
  auto text = read_file(file);
  auto at = text.find(part);
  REQUIRE(at != std::string::npos);
  REQUIRE(text.find(part, at + 1) == std::string::npos);
  return at;
}

void flip_bit(const std::string& file, std::size_t at) {
  std::fstream f{file, std::ios::in | std::ios::out | std::ios::binary};
  f.seekg(static_cast<std::streamoff>(at));
  auto byte = static_cast<char>(f.get() ^ 1);
  f.seekp(static_cast<std::streamoff>(at));
  f.put(byte);
  REQUIRE(f.flush());
}

} // namespace

TEST_CASE("the program killed at any instant loses nothing acknowledged") {
  program hololoom;
  std::mt19937 random{std::random_device{}()};
  std::string data;
  std::set<std::string> acknowledged;
  std::set<std::string> written;
  std::set<std::string> again;
  std::size_t all = 0;
  for (auto round = 0; round < rounds(); ++round) {
    INFO("round " << round);
    // A journal goes through several lives, but not through so many that the
    // test does nothing but read it.
    if (round % 10 == 0) {
      data = hololoom.home() / ("data" + std::to_string(round));
      acknowledged.clear();
      written.clear();
      again.clear();
    }
    fed_program served{hololoom, data, round, again};
    if (round % 4 == 0)
      std::this_thread::sleep_for(std::chrono::microseconds{random() % 40'000});
    else
      served.wait_for_answers(1 + static_cast<int>(random() % 60));
    std::this_thread::sleep_for(std::chrono::microseconds{random() % 3'000});
    served.kill();
    REQUIRE(served.killed());
    REQUIRE(served.refused() == std::vector<std::string>{});
    acknowledged.insert(served.acknowledged().begin(),
                        served.acknowledged().end());
    written.merge(served.written());
    all += served.acknowledged().size();
    if (!std::filesystem::exists(data)) {
      REQUIRE(acknowledged.empty());
      continue;
    }
    auto there = list(hololoom, data);
    REQUIRE(missing(acknowledged, there.ids) == std::vector<std::string>{});
    REQUIRE(missing(there.ids, written) == std::vector<std::string>{});
    REQUIRE(there.twice == std::vector<std::string>{});
    REQUIRE(there.torn == std::vector<std::string>{});
    // Unanswered requests are sent again; some of them are stored already.
    again.clear();
    for (const auto& id : missing(written, acknowledged))
      if (again.size() < 50)
        again.insert(id);
  }
  CHECK(all > 0);
}

TEST_CASE("repair of a journal with a flipped bit reports what it recovered") {
  program hololoom;
  std::string lines;
  for (auto i = 0; i < 100; ++i)
    lines += line_for("e" + std::to_string(i) + "!");
  std::vector<std::string> import{"episodes", "import", "-", "--data",
                                  hololoom.data()};
  REQUIRE(hololoom.run(import, lines).code == 0);
  auto journal = hololoom.data() + "/journal.db";
  flip_bit(journal, place_of(journal, "question e40!"));
  auto before = read_file(journal);
  // Reading goes on, and says what is wrong.
  auto read = hololoom.run({"metrics", "--data", hololoom.data()});
  CHECK(read.code == 0);
  CHECK(contains(read.err, "episode 41"));
  CHECK(contains(read.err, "hololoom repair"));
  auto verified = hololoom.run({"verify", "--data", hololoom.data()});
  CHECK(verified.code == 65);
  CHECK(contains(verified.out, "episode 41"));
  verified = hololoom.run({"verify", "--data", hololoom.data(), "--json"});
  CHECK(verified.code == 65);
  CHECK(parsed(verified.out)["sound"] == false);
  CHECK(
    contains(parsed(verified.out)["damage"].get<std::string>(), "episode 41"));
  CHECK(read_file(journal) == before);
  auto repaired = hololoom.run({"repair", "--data", hololoom.data(), "--json"});
  INFO(repaired.err);
  REQUIRE(repaired.code == 0);
  auto report = parsed(repaired.out);
  CHECK(report["damaged"] == true);
  CHECK(report["episodes"] == 99);
  CHECK(report["lost"] == 0);
  CHECK(report["without_text"] == 1);
  CHECK(contains(report["problems"].back().get<std::string>(),
                 "only the text could not be read"));
  auto aside = report["set_aside"].get<std::string>();
  CHECK(read_file(aside) == before);
  auto there = hololoom.run({"episodes", "--json", "--data", hololoom.data()});
  CHECK(parsed_lines(there.out).size() == 99);
  // All are known, and the text that was lost comes back.
  CHECK(hololoom.run(import, lines).code == 0);
  there = hololoom.run({"episodes", "--json", "--data", hololoom.data()});
  CHECK(parsed_lines(there.out).size() == 100);
  CHECK(hololoom.run({"repair", "--data", hololoom.data()}).code == 0);
}

TEST_CASE("repair reports in words what it recovered and what it could not") {
  program hololoom;
  std::string lines;
  for (auto i = 0; i < 20; ++i)
    lines += line_for("e" + std::to_string(i) + "!");
  REQUIRE(
    hololoom.run({"episodes", "import", "-", "--data", hololoom.data()}, lines)
      .code
    == 0);
  auto journal = hololoom.data() + "/journal.db";
  auto text = place_of(journal, "question e7!");
  // The pattern, in the columns before the text, which would do without it.
  flip_bit(journal, read_file(journal).rfind("unknown", text));
  flip_bit(journal, text);
  auto repaired = hololoom.run({"repair", "--data", hololoom.data()});
  CHECK(repaired.code == 0);
  CHECK(contains(repaired.out, "19 episodes"));
  CHECK(contains(repaired.out, "1 episode could not be read: number 8"));
  CHECK(contains(repaired.out, "e7!"));
  CHECK(contains(repaired.out, "damaged-"));
}

TEST_CASE("on a full disk everything can be read") {
  small_disk disk;
  if (!disk.mounted()) {
    WARN("skipped: a tmpfs cannot be mounted here");
    return;
  }
  program hololoom;
  auto data = (disk.dir().path() / "data").string();
  std::vector<std::string> import{"episodes", "import", "-", "--data", data};
  std::string lines;
  for (auto i = 0; i < 20; ++i)
    lines += line_for("e" + std::to_string(i));
  REQUIRE(hololoom.run(import, lines).code == 0);
  auto text = hololoom.home().write("text", "The loom stands in the barn.");
  REQUIRE(hololoom.run({"remember", "--data", data, text}).code == 0);
  disk.leave(0);
  auto metrics = hololoom.run({"metrics", "--data", data, "--json"});
  INFO(metrics.err);
  CHECK(metrics.code == 0);
  CHECK(parsed(metrics.out)["total_cycles"] == 20);
  auto episodes = hololoom.run({"episodes", "--data", data, "--json"});
  INFO(episodes.err);
  CHECK(episodes.code == 0);
  CHECK(parsed_lines(episodes.out).size() == 20);
  auto woven = hololoom.run({"weave", "--data", data, "where is the loom?"});
  INFO(woven.err);
  CHECK(woven.code == 0);
  CHECK(contains(woven.out, "barn"));
  auto verified = hololoom.run({"verify", "--data", data});
  INFO(verified.err);
  CHECK(verified.code == 0);
  // What needs room says so, and works once there is some.
  auto refused = hololoom.run(import, line_for("late"));
  INFO(refused.out << refused.err);
  CHECK(refused.code != 0);
  CHECK(contains(refused.out + refused.err, "no space"));
  disk.leave(1 << 20);
  CHECK(hololoom.run(import, line_for("late")).code == 0);
}
