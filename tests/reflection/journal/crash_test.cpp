#include "reflection/make.hpp"
#include "support/catch.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <random>
#include <set>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

extern char** environ;

using namespace hololoom;
using namespace hololoom::test;

namespace {

/// The helper program, killed with the object at the latest.
class victim {
public:
  victim(const std::filesystem::path& directory, int clients,
         bool busy = false) {
    std::array<int, 2> pipe{};
    REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe[1], 1);
    std::string program{HOLOLOOM_CRASH_HELPER};
    auto dir = directory.string();
    auto count = std::to_string(clients);
    std::string extra{"busy"};
    std::array<char*, 5> args{program.data(), dir.data(), count.data(),
                              busy ? extra.data() : nullptr, nullptr};
    REQUIRE(::posix_spawn(&pid_, program.c_str(), &actions, nullptr,
                          args.data(), environ)
            == 0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(pipe[1]);
    out_ = pipe[0];
  }
  victim(const victim&) = delete;
  victim& operator=(const victim&) = delete;
  ~victim() {
    kill();
    ::close(out_);
  }

  /// Reads acknowledgements until the program has ended.
  std::set<std::string> read_to_the_end() {
    while (read_some()) {
    }
    std::set<std::string> result;
    for (std::size_t begin = 0, end;
         (end = text_.find('\n', begin)) != std::string::npos; begin = end + 1)
      result.insert(text_.substr(begin, end - begin));
    return result;
  }

  /// Waits for the first acknowledgement.
  void wait_for_one() { REQUIRE(read_some()); }

  void kill() {
    if (pid_ <= 0)
      return;
    ::kill(pid_, SIGKILL);
    auto status = 0;
    ::waitpid(std::exchange(pid_, 0), &status, 0);
    killed_ = WIFSIGNALED(status);
  }

  /// Whether the program ran until it was killed.
  bool killed() const { return killed_; }
  pid_t pid() const { return pid_; }

private:
  bool read_some() {
    std::array<char, 4096> buffer;
    auto n = ::read(out_, buffer.data(), buffer.size());
    if (n > 0)
      text_.append(buffer.data(), static_cast<std::size_t>(n));
    return n > 0;
  }

  pid_t pid_ = 0;
  int out_ = -1;
  bool killed_ = false;
  std::string text_;
};

/// 200, or HOLOLOOM_CRASH_ROUNDS.
int rounds() {
  auto text = std::getenv("HOLOLOOM_CRASH_ROUNDS");
  return text ? std::atoi(text) : 200;
}

/// The ids of the episodes after one, those included whose body a consolidation
/// has removed.
std::set<std::string> ids_after(std::int64_t sequence,
                                const std::filesystem::path& journal) {
  auto db = sqlite::database::open(journal.string(), "");
  REQUIRE(db);
  std::set<std::string> result;
  auto err = db->for_each_row("SELECT id FROM episodes WHERE sequence > "
                                + std::to_string(sequence),
                              [&](const sqlite::row& x) -> caf::error {
                                REQUIRE(result.emplace(x.text(0)).second);
                                return {};
                              });
  REQUIRE(!err);
  return result;
}

void check_copy(const std::filesystem::path& directory) {
  auto copy = directory / "copy.db";
  if (!std::filesystem::exists(copy))
    return;
  scratch_directory apart{true};
  std::filesystem::rename(copy, apart.journal());
  auto j = journal::open({apart.journal()});
  if (!j)
    FAIL(explain(j.error()));
  if (auto err = (*j)->verify())
    FAIL(explain(err));
  REQUIRE(!(*j)->relearned());
}

} // namespace

TEST_CASE("a process killed at any instant loses nothing acknowledged") {
  scratch_directory dir{true};
  std::mt19937 random{std::random_device{}()};
  std::int64_t before = 0;
  std::size_t acknowledged = 0;
  for (auto round = 0; round < rounds(); ++round) {
    INFO("round " << round);
    // While copies are made, episodes consolidated, and all of it verified.
    auto busy = round % 2 == 1;
    victim program{dir.path(), 1 + static_cast<int>(random() % 16), busy};
    if (round % 4 != 0)
      program.wait_for_one();
    std::this_thread::sleep_for(std::chrono::microseconds{random() % 8'000});
    program.kill();
    REQUIRE(program.killed());
    auto ids = program.read_to_the_end();
    auto j = journal::open({dir.journal()});
    if (!j)
      FAIL(explain(j.error()));
    if (auto err = (*j)->verify())
      FAIL(explain(err));
    REQUIRE(!(*j)->relearned());
    auto last = (*j)->learned().sequence;
    REQUIRE((*j)->learned().metrics.total_cycles == last);
    j = caf::error{};
    auto stored = ids_after(before, dir.journal());
    for (const auto& id : ids)
      REQUIRE(stored.count(id) == 1);
    before = last;
    acknowledged += ids.size();
    check_copy(dir.path());
  }
  CHECK(acknowledged > 0);
  CHECK(static_cast<std::int64_t>(acknowledged) <= before);
}

TEST_CASE("a second process is refused with the first one's pid") {
  scratch_directory dir;
  victim program{dir.path(), 1};
  program.wait_for_one();
  auto j = journal::open({dir.journal()});
  REQUIRE(!j);
  CHECK(is(j.error(), errc::data_dir_locked));
  CHECK_THAT(explain(j.error()),
             Catch::Matchers::Contains(std::to_string(program.pid())));
  program.kill();
  CHECK(journal::open({dir.journal()}));
}
