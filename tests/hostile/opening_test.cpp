#include "runtime/program.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

#include <filesystem>
#include <string>

// SIGTERM while a loom opens.

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

namespace {

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
  REQUIRE(eventually([&] {
    return std::filesystem::exists(hololoom.data() + "/shards.db-wal");
  }));
  CHECK(terminate_in_time(opening).code == 143);
  CHECK(last_shutdown(hololoom.data())["abandoned"].empty());
}

TEST_CASE("SIGTERM ends an opening that hangs at the disk, and names it") {
  temporary_folder folder;
  process opening{{OPENING_PROGRAM, folder / "data"}, {}};
  REQUIRE(opening.read_line() == "hangs");
  auto result = terminate_in_time(opening);
  CHECK(result.code == 75);
  INFO(result.out);
  CHECK(result.out.find("root/reflection") != std::string::npos);
  auto report = last_shutdown(folder / "data");
  CHECK(report["exit_code"] == 75);
  REQUIRE(report["abandoned"].size() == 1);
  CHECK(report["abandoned"][0] == "root/reflection");
}
