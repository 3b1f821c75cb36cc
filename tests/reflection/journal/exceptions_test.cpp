// What is thrown on the journal's thread is an error like any other.

#include "reflection/asking.hpp"
#include "reflection/journal/verifying.hpp"

#include <hololoom/actors/reflection/journal/journal_thread.hpp>
#include <hololoom/actors/reflection/repair/repair.hpp>

#include <future>
#include <new>

using namespace hololoom;
using namespace hololoom::test;

namespace {

/// Opens a journal's thread and runs one task after the other on it.
class task_runner {
public:
  explicit task_runner(const std::filesystem::path& file) {
    auto opened = std::make_shared<std::promise<caf::error>>();
    journal_thread::callbacks calls;
    calls.opened = [opened](const journal_opening& x) {
      opened->set_value(x.failed);
    };
    calls.finished = [this](const journal_result& x) {
      finished_.set_value(x.failed);
    };
    calls.closed = [this] {
      closed_.set_value();
    };
    journal_thread::options options;
    options.journal.file = file;
    thread_ = std::make_unique<journal_thread>(options, std::move(calls));
    opened_ = opened->get_future().get();
  }

  ~task_runner() {
    thread_->close();
    closed_.get_future().wait();
  }

  const caf::error& opened() const { return opened_; }

  caf::error run(journal_task_ptr x) {
    finished_ = {};
    auto result = finished_.get_future();
    thread_->submit(std::move(x));
    return result.get();
  }

private:
  std::promise<caf::error> finished_;
  std::promise<void> closed_;
  caf::error opened_;
  std::unique_ptr<journal_thread> thread_;
};

/// Stores an episode, and may throw before or after.
struct thrower : journal_task {
  caf::error run(journal& x) override {
    auto place = x.add(row_of(rewarded("answer", .5), 1));
    if (in_run)
      in_run();
    return place ? caf::error{} : place.error();
  }
  void answered(const journal&) const override {
    if (when_answered)
      when_answered();
  }

  std::function<void()> in_run;
  std::function<void()> when_answered;
};

auto throwing(std::function<void()> in_run) {
  auto result = std::make_shared<thrower>();
  result->in_run = std::move(in_run);
  return result;
}

std::int64_t stored_in(const std::filesystem::path& file) {
  auto j = opened({file});
  REQUIRE(!j->verify());
  return *j->count_episodes();
}

/// A name that no file can be looked up by: it leads to itself.
void make_loop(const std::filesystem::path& name) {
  std::filesystem::create_symlink(name.filename(), name);
}

} // namespace

TEST_CASE("what a task throws is its error, and nothing of it is stored") {
  scratch_directory dir;
  {
    task_runner runner{dir.journal()};
    REQUIRE(!runner.opened());
    CHECK(!runner.run(throwing({})));
    auto err = runner.run(throwing([] { throw std::bad_alloc{}; }));
    CHECK(is(err, errc::io_error));
    CHECK_THAT(explain(err), Catch::Matchers::Contains("memory"));
    auto full = std::make_error_code(std::errc::no_space_on_device);
    err = runner.run(throwing([=] {
      throw std::filesystem::filesystem_error{"look", full};
    }));
    CHECK(is(err, errc::disk_full));
    CHECK(is(runner.run(throwing([] { throw std::runtime_error{"oh"}; })),
             errc::internal));
    CHECK(is(runner.run(throwing([] { throw 1; })), errc::internal));
    auto late = throwing({});
    late->when_answered = [] {
      throw std::bad_alloc{};
    };
    CHECK(!runner.run(late));
    CHECK(!runner.run(throwing({})));
  }
  CHECK(stored_in(dir.journal()) == 3);
}

TEST_CASE("a disk that does not tell whether a repair was cut short keeps the "
          "journal closed") {
  scratch_directory dir;
  filled(dir, 3).reset();
  make_loop(dir.path() / "journal.db.repaired");
  auto j = journal::open({dir.journal()});
  REQUIRE(!j);
  CHECK(is(j.error(), errc::io_error));
  CHECK_THAT(explain(j.error()),
             Catch::Matchers::Contains("journal.db.repaired"));
  CHECK(is(repair_journal(dir.path()).error(), errc::io_error));
  running_buffer buffer{options_in(dir)};
  CHECK(is(buffer.opened(), errc::io_error));
}

TEST_CASE("a journal that cannot be looked for does not count as gone") {
  scratch_directory dir;
  filled(dir, 3).reset();
  std::filesystem::remove(dir.journal());
  make_loop(dir.journal());
  auto j = journal::open({dir.journal()});
  REQUIRE(!j);
  CHECK(is(j.error(), errc::io_error));
  CHECK(is(repair_journal(dir.path()).error(), errc::io_error));
}

TEST_CASE("a path that is too long for the files beside the journal is "
          "refused") {
  scratch_directory dir;
  // The lock can have its name there, a repaired journal cannot.
  constexpr std::size_t longest = 4095;
  auto deep = dir.path();
  auto room = longest - std::string{"/journal.lock"}.size();
  while (deep.native().size() + 1 < room) {
    auto left = room - deep.native().size() - 1;
    deep /= std::string(left > 250 ? 200 : left, 'd');
  }
  std::filesystem::create_directories(deep);
  auto j = journal::open({deep / "journal.db"});
  REQUIRE(!j);
  CHECK(is(j.error(), errc::io_error));
  std::filesystem::remove_all(dir.path());
}
