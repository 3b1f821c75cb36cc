// The verification that goes on while the journal is in use.

#include "reflection/journal/verifying.hpp"

#include <random>
#include <sys/wait.h>
#include <unistd.h>

using namespace hololoom;
using namespace hololoom::test;

TEST_CASE("a verification goes on where the process before left it") {
  scratch_directory dir;
  filled(dir, 200).reset();
  auto whole = [&] {
    auto j = opened({dir.journal()});
    return verify(*j);
  }();
  REQUIRE(whole >= 800);
  auto all = 0;
  for (auto life = 0; all < 700; ++life) {
    auto j = opened({dir.journal()});
    all += verify(*j, 100);
    CHECK(!j->damage());
    store(*j, "life-" + std::to_string(life));
  }
  auto j = opened({dir.journal()});
  auto rest = verify(*j);
  CHECK(!j->damage());
  CHECK(all + rest < whole + 50);
  j.reset();
  // The next one begins anew.
  j = opened({dir.journal()});
  CHECK(verify(*j) >= whole);
}

TEST_CASE("a verification that was cut short trusts no other bytes than those "
          "that it read") {
  scratch_directory dir;
  filled(dir, 200).reset();
  verify(*opened({dir.journal()}), 100);
  SECTION("not the same file, written to by another program") {
    flip(dir.journal(), "episode-20\"");
    auto j = opened({dir.journal()});
    verify(*j);
    CHECK(is(j->damage(), errc::corrupt));
  }
  SECTION("not a copy of it") {
    scratch_directory other;
    std::filesystem::copy(dir.path(), other.path());
    flip(other.journal(), "episode-20\"");
    std::filesystem::last_write_time(
      other.journal(), std::filesystem::last_write_time(dir.journal()));
    auto j = opened({other.journal()});
    verify(*j);
    CHECK(is(j->damage(), errc::corrupt));
  }
  SECTION("nor a record that is damaged itself") {
    flip(dir.path() / "journal.verified", "until");
    flip(dir.path() / "journal.verified", "number");
    auto j = opened({dir.journal()});
    CHECK(verify(*j) >= 800);
    CHECK(!j->damage());
  }
}

TEST_CASE("a journal that dropped rows and was killed is verified anew") {
  scratch_directory dir;
  filled(dir, 200).reset();
  auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    journal_options options{dir.journal()};
    options.retain_episodes = 20;
    options.retain_spacetimes = 20;
    auto j = journal::open(options);
    if (!j)
      ::_exit(1);
    verify(**j, 100);
    for (auto i = 0; i < 3; ++i)
      if ((*j)->tend(false))
        ::_exit(1);
    ::_exit((*j)->learned().sequence == 200 ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);
  auto j = opened({dir.journal()});
  REQUIRE(*j->count_episodes() < 100);
  verify(*j);
  CHECK(!j->damage());
}

TEST_CASE("rows that come, change and go while they are verified raise no "
          "alarm") {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random{seed};
    scratch_directory dir;
    filled(dir, 60).reset();
    journal_options options{dir.journal()};
    options.retain_episodes = seed % 2 ? 30 : 0;
    options.retain_spacetimes = seed % 3 ? 30 : 0;
    auto j = opened(options);
    for (auto i = 0; i < 150; ++i) {
      auto name = std::to_string(random()) + "-" + std::to_string(i);
      switch (random() % 6) {
        case 0: store(*j, name); break;
        case 1:
          REQUIRE(!j->begin());
          REQUIRE(!j->add_spacetime(name, "{}"));
          REQUIRE(!j->commit());
          break;
        case 2:
          REQUIRE(!j->begin());
          REQUIRE(!j->adjust({j->learned().sequence, {{"calc", 0.25}}}));
          random() % 2 ? (void)j->commit() : j->rollback();
          break;
        case 3: REQUIRE(!j->tend(random() % 2)); break;
        case 4:
          j.reset();
          j = opened(options);
          break;
        default: verify(*j, static_cast<int>(random() % 40));
      }
      if (j->damage())
        FAIL(explain(j->damage()));
      CHECK(!j->relearned());
    }
    verify(*j);
    if (j->damage())
      FAIL(explain(j->damage()));
    CHECK(!j->verify());
    CHECK(!j->relearned());
  }
}

TEST_CASE("what was learned is made anew if it differs from the episodes") {
  scratch_directory dir;
  auto j = filled(dir, 100);
  auto right = j->learned();
  j.reset();
  auto wrong = right;
  wrong.metrics.successful_cycles += 7;
  overwrite_learned(dir.journal(), wrong);
  j = opened({dir.journal()});
  CHECK(j->learned() != right);
  verify(*j, 150);
  store(*j, "in between");
  count(right, outcome_of(rewarded("answer", 0.5), 1));
  verify(*j);
  CHECK(!j->damage());
  CHECK(j->relearned());
  CHECK(j->learned().metrics.successful_cycles
        == right.metrics.successful_cycles);
  j.reset();
  j = opened({dir.journal()});
  CHECK(j->learned().metrics.successful_cycles
        == right.metrics.successful_cycles);
  CHECK(!j->verify());
  CHECK(!j->relearned());
}
