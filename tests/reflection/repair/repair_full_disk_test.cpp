#include "reflection/make.hpp"
#include "reflection/repair/refused_calls.hpp"
#include "reflection/small_disk.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/reflection/repair/repair.hpp>

#include <fstream>
#include <iterator>

using namespace hololoom;
using namespace hololoom::test;

namespace {

void make_damaged(const std::filesystem::path& file) {
  {
    auto j = std::move(*journal::open({file}));
    REQUIRE(!j->verify());
    for (auto i = 0; i < 200; ++i) {
      auto x = rewarded("answer", 0.001 * i);
      x.id = "episode-" + std::to_string(i);
      x.woven.response.append(3000, 'x');
      REQUIRE(!j->begin());
      REQUIRE(j->add(row_of(x, 1)));
      REQUIRE(!j->commit());
    }
  }
  std::fstream io{file, std::ios::binary | std::ios::in | std::ios::out};
  std::string bytes{std::istreambuf_iterator<char>{io}, {}};
  auto at = bytes.find("\"id\":\"episode-100\"");
  REQUIRE(at != std::string::npos);
  io.seekp(static_cast<std::streamoff>(at + 14)).put('9');
}

/// Repairs with more and more room, until it succeeds.
/// @returns the number of failures.
int repair_with_more_and_more_room(small_disk& disk) {
  auto before = disk.contents();
  for (auto tries = 0;; ++tries) {
    auto room = static_cast<std::size_t>(tries) * 200 * 1024;
    INFO("room for " << room << " bytes");
    disk.leave(room);
    auto report = repair_journal(disk.dir().path());
    if (report) {
      CHECK(report->episodes == 199);
      CHECK(disk.contents()
              [std::filesystem::path{report->set_aside}.filename().string()]
            == before["journal.db"]);
      return tries;
    }
    CHECK(is(report.error(), errc::disk_full));
    auto sentence = explain(report.error());
    CHECK_THAT(sentence, Catch::Matchers::Contains("nothing was changed"));
    CHECK_THAT(sentence, Catch::Matchers::Contains("make room"));
    CHECK(disk.contents() == before);
  }
}

} // namespace

TEST_CASE("a repair on a full disk reports it and changes nothing") {
  small_disk disk;
  if (!disk.mounted()) {
    WARN("skipped: a tmpfs cannot be mounted here");
    return;
  }
  make_damaged(disk.dir().journal());
  CHECK(repair_with_more_and_more_room(disk) > 2);
}

TEST_CASE(
  "a repair on a full disk without hard links reports it and changes nothing") {
  small_disk disk;
  if (!disk.mounted()) {
    WARN("skipped: a tmpfs cannot be mounted here");
    return;
  }
  make_damaged(disk.dir().journal());
  auto tries = 0;
  if (!run_refused(no_links,
                   [&] { tries = repair_with_more_and_more_room(disk); })) {
    WARN("skipped: calls cannot be refused here");
    return;
  }
  CHECK(tries > 4);
}
