#include "reflection/make.hpp"
#include "storage/faults.hpp"
#include "storage/volatile_disk.hpp"
#include "support/catch.hpp"

#include <map>
#include <set>

using namespace hololoom;
using namespace hololoom::test;

namespace {

/// Stores groups of three episodes, each in a transaction, and keeps a list of
/// the acknowledged ones.
class workload {
public:
  explicit workload(journal_options options, int first_group = 0)
    : options_(std::move(options)), groups_(first_group) {}

  caf::error open() {
    auto opened = journal::open(options_);
    if (!opened)
      return std::move(opened.error());
    journal_ = std::move(*opened);
    return journal_->verify();
  }

  caf::error store_group() {
    auto group = ++groups_;
    if (auto err = journal_->begin())
      return err;
    for (auto i = 0; i < 3; ++i) {
      auto x = rewarded("answer", 0.1 * i);
      x.id = std::to_string(group) + "." + std::to_string(i);
      if (auto place = journal_->add(row_of(x, 1)); !place) {
        journal_->rollback();
        return std::move(place.error());
      }
    }
    if (auto err = journal_->commit())
      return err;
    acknowledged_.insert(group);
    return {};
  }

  void crash() { journal_.reset(); }

  journal& store() { return *journal_; }
  const std::set<int>& acknowledged() const { return acknowledged_; }

private:
  journal_options options_;
  std::unique_ptr<journal> journal_;
  int groups_;
  std::set<int> acknowledged_;
};

/// Whether the journal has each acknowledged group once, has only complete
/// groups, and has learned from all of them.
void check(journal& j, const std::set<int>& acknowledged) {
  auto rows = j.read(0, 10'000);
  REQUIRE(rows);
  std::map<int, int> groups;
  for (const auto& row : *rows)
    ++groups[std::stoi(row.id)];
  for (const auto& [group, count] : groups)
    CHECK(count == 3);
  for (auto group : acknowledged)
    CHECK(groups.count(group) == 1);
  learned_state anew;
  for (const auto& row : *rows)
    count(anew, row.learned);
  CHECK(j.learned() == anew);
}

bool is_storage_error(const caf::error& x) {
  auto code = code_of(x);
  return code == errc::disk_full || code == errc::read_only
      || code == errc::io_error || code == errc::corrupt;
}

void fail_each(nth_fault::target what, int times, disk_fault fault) {
  std::mt19937 random{42};
  for (auto n = 1;; ++n) {
    INFO("failing " << (what == nth_fault::target::write ? "write" : "sync")
                    << " number " << n << ", " << times << " times, fault "
                    << static_cast<int>(fault));
    volatile_disk disk;
    scratch_directory dir;
    auto hooks = std::make_shared<nth_fault>(what, n, times, fault);
    journal_options options{dir.journal(), hooks, disk.name()};
    workload load{options};
    auto failures = 0;
    auto opened = load.open();
    if (opened)
      REQUIRE(is_storage_error(opened));
    for (auto i = 0; i < 6 && !opened; ++i) {
      auto err = load.store_group();
      failures += err ? 1 : 0;
      if (err)
        REQUIRE(is_storage_error(err));
      if (i == 3)
        (void)load.store().tend(true);
    }
    if (times == 1)
      CHECK(failures <= 1);
    if (!opened && random() % 2)
      check(load.store(), load.acknowledged());
    if (random() % 2)
      disk.power_loss(random);
    load.crash();
    disk.power_on();
    if (random() % 2) {
      disk.power_loss(random);
      disk.power_on();
    }
    options.hooks = nullptr;
    workload again{options};
    auto err = again.open();
    if (err)
      FAIL(explain(err));
    check(again.store(), load.acknowledged());
    if (!hooks->fired())
      return;
  }
}

} // namespace

TEST_CASE("each write may fail once, and the next one succeeds") {
  fail_each(nth_fault::target::write, 1, disk_fault::full);
  fail_each(nth_fault::target::write, 1, disk_fault::broken);
}

TEST_CASE("each sync may fail once, and the next one succeeds") {
  fail_each(nth_fault::target::sync, 1, disk_fault::broken);
  fail_each(nth_fault::target::sync, 1, disk_fault::full);
}

TEST_CASE("all writes may fail from any one on") {
  fail_each(nth_fault::target::write, 1'000'000, disk_fault::full);
  fail_each(nth_fault::target::write, 1'000'000, disk_fault::read_only);
  fail_each(nth_fault::target::sync, 1'000'000, disk_fault::broken);
}

TEST_CASE("a power loss at any instant loses nothing acknowledged") {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random{seed};
    volatile_disk disk;
    scratch_directory dir;
    std::int64_t least = 0;
    for (auto life = 0; life < 4; ++life) {
      // The fault is a power loss: from here on nothing reaches the disk.
      auto hooks = std::make_shared<nth_fault>(
        random() % 2 ? nth_fault::target::write : nth_fault::target::sync,
        1 + static_cast<int>(random() % 60), 1'000'000, disk_fault::broken);
      workload load{{dir.journal(), hooks, disk.name()}, 100 * life};
      if (!load.open())
        for (auto i = 0; i < 12 && !hooks->fired(); ++i)
          (void)load.store_group();
      disk.power_loss(random);
      load.crash();
      disk.power_on();
      workload after{{dir.journal(), nullptr, disk.name()}};
      if (auto err = after.open())
        FAIL(explain(err));
      check(after.store(), load.acknowledged());
      least += 3 * std::ssize(load.acknowledged());
      REQUIRE(after.store().learned().sequence >= least);
      least = after.store().learned().sequence;
    }
  }
}
