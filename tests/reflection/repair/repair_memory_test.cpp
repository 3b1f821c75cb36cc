// A repair needs little memory, however many rows there are.

#include "reflection/make.hpp"
#include "support/catch.hpp"
#include "support/sanitizer.hpp"

#include <hololoom/actors/reflection/repair/repair.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

using namespace hololoom;
using namespace hololoom::test;

namespace {

constexpr auto directory_key = "HOLOLOOM_REPAIR_DIRECTORY";
constexpr auto rows_key = "HOLOLOOM_REPAIR_ROWS";

/// What the child does: see below.
constexpr auto child = "repairs the journal that the environment names";

std::int64_t from_environment(const char* key, std::int64_t otherwise) {
  const auto* text = std::getenv(key);
  return text ? std::atoll(text) : otherwise;
}

/// Fills a journal with rows whose texts have `length` bytes.
void fill(const scratch_directory& dir, std::int64_t rows, std::size_t length) {
  auto j = std::move(*journal::open({dir.journal()}));
  REQUIRE(!j->verify());
  auto row = row_of(rewarded("answer", 0.5), 1);
  row.body.assign(length, 'x');
  row.body_crc.reset();
  for (std::int64_t i = 0; i < rows;) {
    REQUIRE(!j->begin());
    for (auto last = std::min(rows, i + 10'000); i < last; ++i) {
      row.id = make_uuid();
      REQUIRE(j->add(row));
    }
    REQUIRE(!j->commit());
    REQUIRE(!j->tend(true));
  }
}

/// Overwrites the first leaf of a table behind the middle of the file.
void damage_a_leaf(const scratch_directory& dir) {
  constexpr std::int64_t page = 4096;
  std::fstream file{dir.journal(),
                    std::ios::binary | std::ios::in | std::ios::out};
  auto size =
    static_cast<std::int64_t>(std::filesystem::file_size(dir.journal()));
  for (auto at = size / page / 2 * page; at < size; at += page) {
    file.seekg(at);
    if (file.get() != 0x0d)
      continue;
    file.seekp(at + 8);
    file.write(std::string(64, '\xff').data(), 64);
    return;
  }
  FAIL("the journal has no leaf");
}

/// The most that this program has had in memory, in KiB. What the system says
/// of an ended child includes the memory of the parent that it was forked from.
std::int64_t peak_memory() {
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:"))
      return std::stoll(line.substr(6));
  return 0;
}

/// Runs this program again, to repair the journal there.
/// @returns its exit status.
int repair_in_child(const scratch_directory& dir) {
  auto pid = ::fork();
  if (pid == 0) {
    ::setenv(directory_key, dir.path().c_str(), 1);
    ::alarm(1'800);
    ::execl("/proc/self/exe", "reflection_test", child,
            static_cast<char*>(nullptr));
    ::_exit(127);
  }
  auto status = -1;
  ::waitpid(pid, &status, 0);
  return status;
}

} // namespace

TEST_CASE("repairs the journal that the environment names", "[.]") {
  const auto* directory = std::getenv(directory_key);
  REQUIRE(directory);
  auto report = repair_journal(directory);
  if (!report)
    FAIL(explain(report.error()));
  CHECK(report->damaged);
  CHECK(report->lost > 0);
  std::ofstream{std::filesystem::path{directory} / "peak"} << peak_memory();
}

TEST_CASE("a repair of very many rows needs little memory") {
  // Ten million, if asked to, of short texts that a disk has room for.
  auto rows = from_environment(rows_key, 100'000);
  auto many = rows > 100'000;
  scratch_directory dir{many};
  fill(dir, rows, many ? 100 : 1'200);
  damage_a_leaf(dir);
  auto begun = std::chrono::steady_clock::now();
  REQUIRE(repair_in_child(dir) == 0);
  auto peak = std::stoll(slurp(dir.path() / "peak")) / 1024;
  // AddressSanitizer keeps 256 MiB of what was given back, and shadows all.
  CHECK(peak < (under_asan ? 1'024 : 64));
  if (many)
    std::printf(
      "%lld rows repaired in %.0f s with %lld MiB resident at most\n",
      static_cast<long long>(rows),
      std::chrono::duration<double>{std::chrono::steady_clock::now() - begun}
        .count(),
      peak);
}
