#include "runtime/looms.hpp"
#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <hololoom/runtime/loom.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <sys/mount.h>
#include <unistd.h>
#include <vector>

using namespace hololoom;
using namespace std::chrono_literals;
using namespace hololoom::test;
namespace fs = std::filesystem;

namespace {

/// A disk of 8 MiB, where mounting is allowed.
struct small_disk : scratch {
  small_disk()
    : mounted(::mount("none", path.c_str(), "tmpfs", 0, "size=8m") == 0) {}
  ~small_disk() {
    if (mounted)
      ::umount2(path.c_str(), MNT_DETACH);
  }

  void fill() const {
    std::ofstream out{path / "ballast", std::ios::binary};
    std::string block(4096, 'x');
    while (out << block << std::flush)
      ;
  }

  void make_room() const { fs::remove(path / "ballast"); }

  bool mounted;
};

spacetime answered(int i) {
  spacetime x;
  x.id = "weave-" + std::to_string(i);
  x.query_text = "What is there no room for?";
  x.response = std::string(1'000, 'x');
  x.tool_used = "answer";
  x.confidence = 0.5;
  x.trace.start_time = x.trace.end_time = x.created_at = now();
  return x;
}

std::set<std::string> stored_ids(loom& x) {
  std::set<std::string> result;
  for (episodes_query which{0, 500};;) {
    auto page = x.episodes(which);
    REQUIRE(page);
    if (page->episodes.empty())
      return result;
    for (const auto& episode : page->episodes)
      result.insert(episode.id);
    which.after = page->last;
  }
}

} // namespace

TEST_CASE(
  "a loom on a full disk closes in time and reports what was not written") {
  small_disk disk;
  if (!disk.mounted) {
    WARN("skipped: a tmpfs cannot be mounted here");
    return;
  }
  auto data = disk.path / "data";
  std::set<std::string> acknowledged;
  {
    auto x = open_in(data);
    for (auto i = 0; i < 3; ++i) {
      auto ack = x.reflect(answered(i), {.rating = 4.0});
      REQUIRE(ack);
      acknowledged.insert(ack->episode_id);
    }
    disk.fill();
    std::vector<loom::promised<reflect_ack>> asked;
    for (auto i = 3; i < 3'000; ++i)
      asked.push_back(x.reflect_async(answered(i), {.rating = 4.0}));
    auto report = x.close("full");
    CHECK(report.total < millis{5'000});
    CHECK(!report.flush.acknowledged);
    REQUIRE(report.flush.error);
    CHECK_THAT(*report.flush.error, Catch::Matchers::Contains("space"));
    CHECK(report.exit_code == 74);
    CHECK(report.abandoned.empty());
    CHECK(!report.first_force_at);
    // Everyone is answered. Some may have found room in what the log has.
    auto refused = 0;
    for (auto& future : asked) {
      REQUIRE(future.wait_for(0s) == std::future_status::ready);
      auto ack = future.get();
      if (ack)
        acknowledged.insert(ack->episode_id);
      else
        refused += is(ack.error(), errc::disk_full) ? 1 : 0;
    }
    CHECK(refused > 0);
  }
  // Meanwhile all of it can be read.
  {
    auto meanwhile = open_in(data);
    CHECK(stored_ids(meanwhile) == acknowledged);
  }
  disk.make_room();
  auto again = open_in(data);
  CHECK(stored_ids(again) == acknowledged);
  CHECK(again.reflection_metrics()->total_cycles
        == static_cast<std::int64_t>(acknowledged.size()));
  CHECK(again.close().exit_code == 0);
}
