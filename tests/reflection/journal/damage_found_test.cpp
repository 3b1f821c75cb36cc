// What a verification finds damaged, and what becomes of it.

#include "reflection/journal/verifying.hpp"

#include <hololoom/actors/reflection/repair/repair.hpp>

#include <algorithm>
#include <random>
#include <set>

using namespace hololoom;
using namespace hololoom::test;

namespace {

using ids = std::set<std::string>;

ids ids_in(const std::filesystem::path& file) {
  auto found = contents(file);
  if (!found)
    FAIL(explain(found.error()));
  ids result;
  for (const auto& [id, body] : *found)
    if (id != "learned")
      result.insert(id);
  return result;
}

} // namespace

TEST_CASE("a journal whose damage was found stores more, and writes no byte of "
          "its database") {
  scratch_directory dir;
  filled(dir, 100).reset();
  flip(dir.journal(), "episode-20\"");
  auto damaged = slurp(dir.journal());
  journal_options options{dir.journal()};
  options.retain_episodes = 10;
  {
    auto j = opened(options);
    verify(*j);
    REQUIRE(is(j->damage(), errc::corrupt));
    CHECK_THAT(explain(j->damage()),
               Catch::Matchers::Contains("episode 21")
                 && Catch::Matchers::Contains("hololoom repair"));
    for (auto i = 0; i < 50; ++i)
      store(*j, "later-" + std::to_string(i));
    CHECK(!j->tend(true));
    CHECK(!j->behind());
  }
  CHECK(slurp(dir.journal()) == damaged);
  {
    // It knows at once.
    auto j = opened(options);
    CHECK(is(j->damage(), errc::corrupt));
    CHECK(j->learned().sequence == 150);
    store(*j, "last");
  }
  CHECK(slurp(dir.journal()) == damaged);
  auto repaired = repair_journal(dir.path());
  REQUIRE(repaired);
  CHECK(repaired->damaged);
  CHECK(repaired->lost == 0);
  CHECK(repaired->without_text == 1);
  CHECK(repaired->episodes == 150);
  auto j = opened({dir.journal()});
  CHECK(!j->damage());
}

TEST_CASE("wherever a bit is flipped, writing on loses nothing that a repair "
          "at once would save") {
  scratch_directory dir;
  filled(dir, 60, 500).reset();
  auto intact = slurp(dir.journal());
  auto mark = slurp(dir.path() / "journal.mark");
  std::mt19937 random{11};
  auto noticed = 0;
  auto refused = 0;
  for (auto i = 0; i < 120; ++i) {
    scratch_directory at_once;
    scratch_directory later;
    auto flipped = intact;
    auto at = random() % flipped.size();
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << random() % 8));
    for (auto copy : {&at_once, &later}) {
      spill(copy->journal(), flipped);
      spill(copy->path() / "journal.mark", mark);
    }
    INFO("byte " << at);
    auto saved = repair_journal(at_once.path());
    if (!saved) {
      CHECK(is(saved.error(), errc::newer_schema));
      continue;
    }
    ids expected = ids_in(at_once.journal());
    {
      auto j = journal::open({later.journal()});
      refused += j ? 0 : 1;
      for (auto k = 0; j && k < 20; ++k) {
        auto x = rewarded("answer", 0.5);
        x.id = "later-" + std::to_string(random());
        if ((*j)->begin())
          continue;
        auto added = (*j)->add(row_of(x, 1));
        if (!added)
          (*j)->rollback();
        else if (!(*j)->commit())
          expected.insert(x.id);
        if (k == 5)
          verify(**j, 30);
      }
      if (j) {
        verify(**j);
        (void)(*j)->tend(true);
        noticed += (*j)->damage() ? 1 : 0;
      }
    }
    auto repaired = repair_journal(later.path());
    REQUIRE(repaired);
    auto found = ids_in(later.journal());
    CHECK(std::includes(found.begin(), found.end(), expected.begin(),
                        expected.end()));
  }
  CHECK(noticed > 30);
  CHECK(refused > 0);
}

TEST_CASE("damage where rows are added or dropped, or in the list of free "
          "pages, is refused at the opening") {
  scratch_directory dir;
  {
    journal_options options{dir.journal()};
    options.retain_episodes = 20;
    options.retain_spacetimes = 20;
    filled(dir, 300).reset();
    auto j = opened(options);
    REQUIRE(!j->tend(true));
    REQUIRE(!j->tend(true));
  }
  auto bytes = slurp(dir.journal());
  auto refused = [&](const std::string& with) {
    spill(dir.journal(), with);
    auto j = journal::open({dir.journal()});
    REQUIRE(!j);
    CHECK(is(j.error(), errc::corrupt));
    CHECK_THAT(explain(j.error()),
               Catch::Matchers::Contains("hololoom repair"));
    CHECK(slurp(dir.journal()) == with);
  };
  auto last = bytes;
  last[last.rfind("\"id\":\"episode-299\"") + 8] ^= 1;
  refused(last);
  // The number of the first free page's first entry.
  auto number = [&](std::size_t at) {
    std::size_t result = 0;
    for (auto i = at; i < at + 4; ++i)
      result = result << 8 | static_cast<unsigned char>(bytes[i]);
    return result;
  };
  auto trunk = number(32);
  REQUIRE(trunk > 0);
  auto list = bytes;
  list[(trunk - 1) * 4096 + 8] ^= 1;
  refused(list);
}
