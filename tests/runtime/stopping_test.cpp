#include "program.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <filesystem>
#include <fstream>

// SIGTERM while a command works for long: it ends within the grace period, and
// what it acknowledged is kept.

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;
/// Waits until a file has `size` bytes.
bool grows_to(const std::string& file, std::uintmax_t size) {
  return eventually([&] {
    std::error_code ec;
    return fs::exists(file, ec) && fs::file_size(file, ec) >= size;
  });
}

/// Waits until the process has `file` open.
bool opens(const process& running, const std::string& file) {
  auto descriptors = "/proc/" + std::to_string(running.pid()) + "/fd";
  return eventually([&] {
    std::error_code ec;
    for (const auto& x : fs::directory_iterator{descriptors, ec})
      if (fs::read_symlink(x.path(), ec) == file)
        return true;
    return false;
  });
}

/// Sends SIGTERM and checks that the program ends in order, and soon.
process_result terminate(process& running) {
  auto result = terminate_in_time(running);
  CHECK(result.code == 143);
  return result;
}

std::string episode_text(int number, std::size_t size = 1) {
  return R"({"id":"line-)" + std::to_string(number)
       + R"(","query_text":"q","tool_used":"answer","confidence":0.5,)"
       + R"("response":")" + std::string(size, 'r') + "\"}";
}

std::int64_t stored_episodes(const program& hololoom) {
  auto result = hololoom.run({"metrics", "--data", hololoom.data(), "--json"});
  return parsed(result.out)["total_cycles"].get<std::int64_t>();
}

/// Stores `count` episodes with answers of `size` characters.
void fill(const program& hololoom, int count, std::size_t size = 1) {
  std::string lines;
  for (int i = 0; i < count; ++i)
    lines += episode_text(i, size) + "\n";
  auto file = hololoom.home().write("lines", lines);
  REQUIRE(hololoom
            .shell("\"$hololoom\" episodes import - --data '" + hololoom.data()
                   + "' < '" + file + "' > /dev/null")
            .code
          == 0);
}

} // namespace

TEST_CASE("SIGTERM ends a remember of one long line in order") {
  program hololoom;
  std::string line;
  for (std::uint32_t i = 1; line.size() < 48U << 20U; i = i * 1664525 + 1)
    line += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"[i >> 27U];
  auto file = hololoom.home().write("line.txt", line);
  process reading{
    hololoom.command({"remember", "--data", hololoom.data(), file}),
    hololoom.environment()};
  SECTION("while it reads and cuts the line") {
    REQUIRE(opens(reading, file));
  }
  SECTION("while it writes the shards") {
    REQUIRE(grows_to(hololoom.data() + "/shards.db-wal", 8 << 20));
  }
  auto result = terminate(reading);
  CHECK(contains(result.err, "stopped"));
  CHECK_FALSE(contains(result.err, "killed"));
  auto report = parsed(read_file(hololoom.data() + "/last_shutdown.json"));
  CHECK(report["exit_code"] == 0);
  CHECK(report["abandoned"].empty());
}

TEST_CASE("SIGTERM ends an import that waits for input") {
  program hololoom;
  process import{
    hololoom.command({"episodes", "import", "-", "--data", hololoom.data()}),
    hololoom.environment()};
  REQUIRE(import.write(episode_text(1) + "\n"));
  CHECK(parsed(import.read_line())["durable"] == true);
  // The beginning of a line, the rest of which never comes, is no failure. It
  // is longer than a pipe is, so that some of it has been read.
  REQUIRE(import.write("{\"id\": \"" + std::string(200'000, 'x')));
  CHECK(terminate(import).out.empty());
  CHECK(stored_episodes(hololoom) == 1);
}

TEST_CASE("SIGTERM ends an import of many files, and keeps what it stored") {
  program hololoom;
  fill(hololoom, 1);
  auto exported = hololoom.home() / "exported";
  REQUIRE(
    hololoom.run({"episodes", "export", exported, "--data", hololoom.data()})
      .code
    == 0);
  auto episode =
    read_file(fs::directory_iterator { exported } -> path().string());
  auto id = episode.find("line-0");
  constexpr int count = 6'000;
  for (int i = 0; i < count; ++i) {
    auto other = episode;
    other.replace(id, 6, "file-" + std::to_string(i));
    hololoom.home().write("many/" + std::to_string(i) + ".json", other);
  }
  fs::remove_all(hololoom.data());
  process import{
    hololoom.command({"episodes", "import", hololoom.home() / "many", "--data",
                      hololoom.data(), "--json"}),
    hololoom.environment()};
  // More than the opening makes room for.
  REQUIRE(grows_to(hololoom.data() + "/journal.db-wal", (1 << 20) + 1));
  auto result = terminate(import);
  CHECK(contains(result.err, "stopped"));
  auto stored = parsed(result.out)["stored"].get<std::int64_t>();
  CHECK(stored < count);
  CHECK(stored_episodes(hololoom) == stored);
}

TEST_CASE("SIGTERM ends an export of many episodes") {
  program hololoom;
  fill(hololoom, 6'000);
  auto folder = hololoom.home() / "exported";
  process exporting{
    hololoom.command({"episodes", "export", folder, "--data", hololoom.data()}),
    hololoom.environment()};
  REQUIRE(eventually([&] { return fs::exists(folder); }));
  CHECK(terminate(exporting).out.empty());
}

TEST_CASE("SIGTERM ends a repair, and the next one recovers what there is") {
  program hololoom;
  constexpr int count = 6'000;
  fill(hololoom, count, 5'000);
  auto journal = hololoom.data() + "/journal.db";
  {
    std::fstream file{journal, std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(1'000'000) << std::string(100, '\xFF');
  }
  process repairing{hololoom.command({"repair", "--data", hololoom.data()}),
                    hololoom.environment()};
  // It builds the new journal.
  REQUIRE(grows_to(journal + ".new", 1));
  CHECK(terminate(repairing).out.empty());
  auto again = hololoom.run({"repair", "--data", hololoom.data(), "--json"});
  CHECK(again.code == 0);
  CHECK(parsed(again.out)["damaged"] == true);
  CHECK(parsed(again.out)["episodes"].get<std::int64_t>() > count - 10);
}
