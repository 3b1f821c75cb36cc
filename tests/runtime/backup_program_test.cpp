#include "runtime/program.hpp"
#include "runtime/small_disk.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <random>
#include <thread>

// Backups, as an operator makes them.

using namespace hololoom;
using namespace hololoom::test;
namespace fs = std::filesystem;

namespace {

struct operated : program {
  operated() {
    std::string lines;
    for (int i = 0; i < 300; ++i)
      lines += episode_line(i);
    REQUIRE(run({"episodes", "import", "-", "--data", data()}, lines).code
            == 0);
    home().write("notes/rain.md", "Rain is water that falls from clouds.\n");
    REQUIRE(run({"remember", "--data", data(), home() / "notes"}).code == 0);
  }

  process_result back_up(const std::string& file) const {
    return run({"backup", "--json", "--data", data(), file});
  }

  process_result restore(const std::string& file, const std::string& to) const {
    return run({"restore", "--json", "--data", home() / to, file});
  }

  std::string exported(const std::string& directory) const {
    auto result = run({"episodes", "list", "--json", "--data", directory});
    CHECK(result.code == 0);
    return result.out;
  }
};

} // namespace

TEST_CASE("a backup is restored by two commands") {
  operated hololoom;
  auto file = hololoom.home() / "backup";
  auto made = hololoom.back_up(file);
  INFO(made.err);
  REQUIRE(made.code == 0);
  CHECK(made.err.empty());
  auto report = parsed(made.out);
  CHECK(report["last_episode"] == 300);
  CHECK(report["shards"] == 1);
  CHECK(report["bytes"] == fs::file_size(file));
  auto restored = hololoom.restore(file, "restored");
  INFO(restored.err);
  REQUIRE(restored.code == 0);
  CHECK(parsed(restored.out)["last_episode"] == 300);
  CHECK(hololoom.exported(hololoom.home() / "restored")
        == hololoom.exported(hololoom.data()));
  auto woven = hololoom.run(
    {"weave", "--data", hololoom.home() / "restored", "What is rain?"});
  CHECK(contains(woven.out, "water"));
}

TEST_CASE("a backup and a restoration say what is wrong, and change nothing") {
  operated hololoom;
  auto file = hololoom.home().write("mine", "mine");
  auto taken = hololoom.back_up(file);
  CHECK(taken.code == 74);
  CHECK(contains(taken.err, "mine exists"));
  CHECK(read_file(file) == "mine");
  auto nothing = hololoom.run(
    {"backup", "--data", hololoom.home() / "none", hololoom.home() / "backup"});
  CHECK(nothing.code == 65);
  CHECK_FALSE(fs::exists(hololoom.home() / "none"));
  CHECK(hololoom.restore(file, "new").code == 65);
  CHECK(hololoom.restore(hololoom.home() / "nowhere", "new").code == 65);
  REQUIRE(hololoom.back_up(hololoom.home() / "backup").code == 0);
  auto used = hololoom.restore(hololoom.home() / "backup", "data");
  CHECK(used.code == 73);
  CHECK_FALSE(fs::exists(hololoom.home() / "new"));
}

TEST_CASE("a backup that is killed at any instant leaves all as it was") {
  operated hololoom;
  auto file = hololoom.home() / "backup";
  auto before = hololoom.exported(hololoom.data());
  std::mt19937 random{std::random_device{}()};
  for (int i = 0; i < 20; ++i) {
    process backup{
      hololoom.command({"backup", "--data", hololoom.data(), file}),
      hololoom.environment()};
    std::this_thread::sleep_for(std::chrono::microseconds{random() % 60'000});
    backup.send_signal(SIGKILL);
    backup.wait();
    // Complete, or not there.
    if (fs::exists(file)) {
      CHECK(hololoom.restore(file, "restored").code == 0);
      fs::remove_all(hololoom.home() / "restored");
      fs::remove(file);
    }
  }
  CHECK(hololoom.back_up(file).code == 0);
  CHECK_FALSE(fs::exists(hololoom.data() + "/backup.part"));
  CHECK(hololoom.exported(hololoom.data()) == before);
}

TEST_CASE("a backup to a full disk ends with 74 and leaves no file") {
  operated hololoom;
  small_disk disk{hololoom.home() / "disk"};
  if (!disk.mounted()) {
    WARN("a file system cannot be mounted here: not tested");
    return;
  }
  disk.fill();
  auto file = hololoom.home() / "disk/backup";
  auto full = hololoom.back_up(file);
  CHECK(full.code == 74);
  CHECK(contains(full.err, "space"));
  CHECK_FALSE(fs::exists(file));
  CHECK(std::distance(fs::directory_iterator{hololoom.home() / "disk"},
                      fs::directory_iterator{})
        == 1); // the ballast
  disk.make_room();
  CHECK(hololoom.back_up(file).code == 0);
}

TEST_CASE("a backup that its own disk has no room for is refused") {
  program hololoom;
  small_disk disk{hololoom.home() / "disk"};
  if (!disk.mounted()) {
    WARN("a file system cannot be mounted here: not tested");
    return;
  }
  auto data = hololoom.home() / "disk/data";
  REQUIRE(
    hololoom.run({"episodes", "import", "-", "--data", data}, episode_line(0))
      .code
    == 0);
  auto refused =
    hololoom.run({"backup", "--data", data, hololoom.home() / "backup"});
  CHECK(refused.code == 74);
  CHECK(contains(refused.err, "MiB free"));
  CHECK_FALSE(fs::exists(hololoom.home() / "backup"));
}
