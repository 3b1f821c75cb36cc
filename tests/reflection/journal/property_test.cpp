#include "reflection/make.hpp"
#include "storage/volatile_disk.hpp"
#include "support/catch.hpp"

#include <hololoom/messages/json/write.hpp>

#include <random>

using namespace hololoom;
using namespace hololoom::test;

namespace {

/// The acknowledged episodes, in order: what the journal must have.
struct history {
  std::vector<outcome> outcomes;
  std::vector<std::pair<std::size_t, adjustment>> adjustments;

  learned_state learned() const {
    learned_state result;
    auto next = adjustments.begin();
    for (std::size_t i = 0; i <= outcomes.size(); ++i) {
      for (; next != adjustments.end() && next->first == i; ++next)
        apply(result, next->second);
      if (i < outcomes.size())
        count(result, outcomes[i]);
    }
    return result;
  }
};

/// Runs a journal through random operations and restarts.
class random_lives {
public:
  explicit random_lives(unsigned seed) : random_(seed) {
    options_.file = dir_.journal();
    options_.vfs = disk_.name();
    // Some journals drop their oldest episodes.
    options_.retain_episodes = seed % 2 ? 0 : 7;
  }

  void run(int steps) {
    open();
    for (auto i = 0; i < steps; ++i)
      step();
    restart(true);
  }

private:
  void step() {
    switch (random_() % 9) {
      case 0:
      case 1:
      case 2: return store(1 + random_() % 5, true);
      case 3: return store(1 + random_() % 5, false);
      case 4: return adjust();
      case 5: return (void)journal_->tend(random_() % 2);
      case 6: return restart(false);
      case 7: return verify_some();
      default: return restart(true);
    }
  }

  void open() {
    auto opened = journal::open(options_);
    if (!opened)
      FAIL(explain(opened.error()));
    journal_ = std::move(*opened);
    CHECK(json_text(journal_->learned()) == json_text(history_.learned()));
    if (auto err = journal_->verify())
      FAIL(explain(err));
    CHECK(!journal_->relearned());
    CHECK(json_text(journal_->learned()) == json_text(history_.learned()));
  }

  void verify_some() {
    auto rows = random_() % 10;
    journal_->verify_some([&] { return rows-- > 0; });
    if (journal_->damage())
      FAIL(explain(journal_->damage()));
  }

  void store(std::size_t n, bool commit) {
    REQUIRE(!journal_->begin());
    std::vector<outcome> outcomes;
    for (std::size_t i = 0; i < n; ++i) {
      constexpr const char* tools[] = {"answer", "search", "calc", "note"};
      auto x = rewarded(tools[random_() % 4],
                        static_cast<double>(random_() % 1000) / 999.0,
                        random_() % 2 ? "Bare Threading" : "Fused Threading");
      auto record = row_of(x, random_() % 2 ? 1.0 : 0.995);
      REQUIRE(journal_->add(record));
      outcomes.push_back(record.learned);
      if (random_() % 4 == 0)
        CHECK(!journal_->add(record)->fresh);
    }
    if (!commit)
      return journal_->rollback();
    REQUIRE(!journal_->commit());
    history_.outcomes.insert(history_.outcomes.end(), outcomes.begin(),
                             outcomes.end());
  }

  void adjust() {
    adjustment x;
    x.analysed = journal_->learned().sequence;
    x.doubts["calc"] = static_cast<double>(random_() % 100) / 77.0;
    if (random_() % 2)
      x.epsilon = 0.15;
    REQUIRE(!journal_->begin());
    REQUIRE(!journal_->adjust(x));
    REQUIRE(!journal_->commit());
    history_.adjustments.emplace_back(history_.outcomes.size(), x);
  }

  void restart(bool orderly) {
    if (!orderly)
      disk_.power_loss(random_);
    journal_.reset();
    disk_.power_on();
    open();
  }

  std::mt19937 random_;
  volatile_disk disk_;
  scratch_directory dir_;
  journal_options options_;
  std::unique_ptr<journal> journal_;
  history history_;
};

} // namespace

TEST_CASE("the learned state always matches the acknowledged episodes") {
  for (unsigned seed = 1; seed <= 120; ++seed) {
    INFO("seed " << seed);
    random_lives{seed}.run(30);
  }
}
