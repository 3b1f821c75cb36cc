#include "reflection/make.hpp"
#include "reflection/repair/refused_calls.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/reflection/journal/swap.hpp>

#include <fstream>
#include <iterator>
#include <map>

using namespace hololoom;
using namespace hololoom::test;

namespace {

using files = std::map<std::string, std::string>;

files contents(const std::filesystem::path& directory) {
  files result;
  for (const auto& entry : std::filesystem::directory_iterator{directory}) {
    std::ifstream in{entry.path(), std::ios::binary};
    result[entry.path().filename().string()] =
      std::string{std::istreambuf_iterator<char>{in}, {}};
  }
  return result;
}

/// A damaged journal, and its replacement.
void prepare(const std::filesystem::path& directory) {
  for (auto [name, text] : {std::pair{"journal.db", "damaged"},
                            std::pair{"journal.db-wal", "its log"},
                            std::pair{"journal.db.repaired", "repaired"}})
    std::ofstream{directory / name} << text;
}

} // namespace

TEST_CASE("without hard links a damaged journal is set aside as a copy") {
  scratch_directory dir;
  prepare(dir.path());
  caf::error failed;
  std::filesystem::path aside;
  if (!run_refused(no_links,
                   [&] { failed = finish_swap(dir.journal(), aside); })) {
    WARN("skipped: calls cannot be refused here");
    return;
  }
  REQUIRE(!failed);
  CHECK(contents(dir.path())
        == files{{"journal.db", "repaired"},
                 {aside.filename().string(), "damaged"},
                 {aside.filename().string() + "-wal", "its log"}});
}

TEST_CASE("a damaged journal is replaced only after its copy is durable") {
  // The copy's bytes, and its name.
  for (auto sync : {SYS_fdatasync, SYS_fsync}) {
    scratch_directory dir;
    prepare(dir.path());
    caf::error failed;
    std::filesystem::path aside;
    auto calls = no_links;
    calls.push_back({static_cast<int>(sync), EIO});
    if (!run_refused(calls,
                     [&] { failed = finish_swap(dir.journal(), aside); })) {
      WARN("skipped: calls cannot be refused here");
      return;
    }
    CHECK(is(failed, errc::io_error));
    auto now = contents(dir.path());
    CHECK(now["journal.db"] == "damaged");
    CHECK(now["journal.db.repaired"] == "repaired");
    CHECK(!now.contains("journal.db.part"));
    // The next call continues from there.
    CHECK(!finish_swap(dir.journal(), aside));
    CHECK(contents(dir.path())["journal.db"] == "repaired");
  }
}
