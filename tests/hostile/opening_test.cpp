#include "runtime/program.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>

// SIGTERM while a loom opens.

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

constexpr auto grace = 5s;

/// Waits for a file, which has no event.
bool appears(const std::string& file) {
  for (auto end = clock_type::now() + 30s; clock_type::now() < end;
       std::this_thread::sleep_for(1ms))
    if (std::filesystem::exists(file))
      return true;
  return false;
}

process_result terminate(process& running) {
  auto told = clock_type::now();
  running.send_signal(SIGTERM);
  auto result = running.wait();
  CHECK(clock_type::now() - told < grace);
  return result;
}

json last_shutdown(const std::string& data) {
  return parsed(read_file(data + "/last_shutdown.json"));
}

} // namespace

TEST_CASE("SIGTERM ends a program that opens a large memory") {
  program hololoom;
  std::string text;
  for (int i = 0; i < 40'000; ++i)
    text += "Paragraph number " + std::to_string(i)
          + " says little, and it says it in a few words.\n\n";
  auto file = hololoom.home().write("text.txt", text);
  REQUIRE(hololoom.run({"remember", "--data", hololoom.data(), file}).code
          == 0);
  process opening{
    hololoom.command({"episodes", "import", "-", "--data", hololoom.data()}),
    hololoom.environment()};
  // SQLite makes it when the memory is opened.
  REQUIRE(appears(hololoom.data() + "/shards.db-wal"));
  CHECK(terminate(opening).code == 143);
  CHECK(last_shutdown(hololoom.data())["abandoned"].empty());
}

TEST_CASE("SIGTERM ends an opening that hangs at the disk, and names it") {
  temporary_folder folder;
  process opening{{OPENING_PROGRAM, folder / "data"}, {}};
  REQUIRE(opening.read_line() == "hangs");
  auto result = terminate(opening);
  CHECK(result.code == 75);
  INFO(result.out);
  CHECK(result.out.find("root/reflection") != std::string::npos);
  auto report = last_shutdown(folder / "data");
  CHECK(report["exit_code"] == 75);
  REQUIRE(report["abandoned"].size() == 1);
  CHECK(report["abandoned"][0] == "root/reflection");
}
