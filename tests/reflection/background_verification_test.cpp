// A buffer that serves while its journal is verified.

#include "reflection/asking.hpp"
#include "reflection/journal/verifying.hpp"

#include <hololoom/actors/reflection/journal/journal_thread.hpp>

#include <future>
#include <mutex>

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

namespace {

/// A journal's thread, stopped at the end of its opening until it is told to go
/// on.
class watched_thread {
public:
  explicit watched_thread(const std::filesystem::path& file) {
    journal_thread::callbacks calls;
    calls.opened = [this](const journal_opening& x) {
      opened_.set_value(x.failed);
      go_on_.get_future().wait();
    };
    calls.finished = [this](const journal_result& x) {
      finished_.set_value(x.failed);
      may_end_.get_future().wait();
    };
    calls.closed = [this] {
      closed_.set_value();
    };
    journal_thread::options options;
    options.journal.file = file;
    options.newest = 10;
    thread_ = std::make_unique<journal_thread>(options, std::move(calls));
  }

  journal_thread& operator*() { return *thread_; }
  caf::error opened() { return opened_.get_future().get(); }
  void go_on() { go_on_.set_value(); }
  caf::error finished() { return finished_.get_future().get(); }
  void may_end() { may_end_.set_value(); }
  void closed() { closed_.get_future().wait(); }
  std::uint64_t activity() { return thread_->activity(); }

private:
  std::promise<caf::error> opened_;
  std::promise<void> go_on_;
  std::promise<caf::error> finished_;
  std::promise<void> may_end_;
  std::promise<void> closed_;
  std::unique_ptr<journal_thread> thread_;
};

/// Stores one episode.
struct one_episode : journal_task {
  caf::error run(journal& x) override {
    auto place = x.add(row_of(rewarded("answer", .5), 1));
    return place ? caf::error{} : place.error();
  }
};

/// Fills a journal with many short episodes.
void fill(const std::filesystem::path& file, int episodes) {
  journal_options options;
  options.file = file;
  auto j = opened(options);
  REQUIRE(!j->begin());
  for (auto i = 0; i < episodes; ++i) {
    auto x = rewarded(i % 3 ? "answer" : "calc", 0.01 * (i % 100));
    x.id = "episode-" + std::to_string(i);
    REQUIRE(j->add(row_of(x, 1)));
  }
  REQUIRE(!j->commit());
}

reflection_status status(running_buffer& buffer) {
  return *buffer.ask<reflection_status>(reflection_status_query{});
}

/// What a buffer's verification found.
struct findings {
  std::mutex mutex;
  std::vector<std::pair<std::string, bool>> all;

  auto note() {
    return [this](const std::string& what, bool damage) {
      std::lock_guard guard{mutex};
      all.emplace_back(what, damage);
    };
  }
  std::size_t count() {
    std::lock_guard guard{mutex};
    return all.size();
  }
};

} // namespace

TEST_CASE("an opening, and the first episode, take as many reads whatever the "
          "size of the journal") {
  std::vector<std::uint64_t> to_open;
  std::vector<std::uint64_t> to_store;
  for (auto episodes : {500, 20'000}) {
    scratch_directory dir;
    fill(dir.journal(), episodes);
    watched_thread thread{dir.journal()};
    REQUIRE(!thread.opened());
    to_open.push_back(thread.activity());
    (*thread).submit(std::make_shared<one_episode>());
    thread.go_on();
    REQUIRE(!thread.finished());
    to_store.push_back(thread.activity());
    thread.may_end();
    (*thread).close();
    thread.closed();
  }
  // The larger tables are a page deeper.
  CHECK(to_open[1] <= to_open[0] + 20);
  CHECK(to_store[1] <= to_store[0] + 25);
}

TEST_CASE("a close ends a verification at once") {
  scratch_directory dir;
  fill(dir.journal(), 20'000);
  watched_thread thread{dir.journal()};
  REQUIRE(!thread.opened());
  auto before = thread.activity();
  (*thread).close();
  thread.go_on();
  thread.closed();
  CHECK(thread.activity() < before + 20);
}

TEST_CASE("damage that is found while a buffer serves makes it degraded, and "
          "says where it is") {
  scratch_directory dir;
  filled(dir, 100).reset();
  flip(dir.journal(), "episode-20\"");
  auto damaged = slurp(dir.journal());
  auto options = options_in(dir);
  options.capacity = 10;
  for (auto life = 0; life < 2; ++life) {
    findings found;
    running_buffer buffer{options, nullptr, found.note()};
    REQUIRE(!buffer.opened());
    REQUIRE(eventually([&] { return status(buffer).degraded; }));
    CHECK_THAT(status(buffer).problem,
               Catch::Matchers::Contains("episode 21")
                 && Catch::Matchers::Contains("hololoom repair"));
    auto ack =
      buffer.ask<reflect_ack>(reflection("Still there?", "answer", .5));
    REQUIRE(ack);
    CHECK(ack->durable);
    CHECK(ack->sequence == 101 + life);
    CHECK(status(buffer).degraded);
    buffer.stop(caf::exit_reason::user_shutdown);
    REQUIRE(found.count() == 1);
    CHECK(found.all[0].second);
  }
  CHECK(slurp(dir.journal()) == damaged);
}

TEST_CASE("damage among the newest episodes does not keep a buffer from "
          "opening") {
  scratch_directory dir;
  filled(dir, 100).reset();
  flip(dir.journal(), "episode-95\"");
  running_buffer buffer{options_in(dir)};
  REQUIRE(!buffer.opened());
  REQUIRE(eventually([&] { return status(buffer).degraded; }));
  CHECK_THAT(status(buffer).problem, Catch::Matchers::Contains("episode 96"));
  CHECK(buffer.ask<reflect_ack>(reflection("Still there?", "answer", .5)));
}

TEST_CASE("a buffer whose learned state differs from the episodes learns anew, "
          "and tells") {
  scratch_directory dir;
  auto j = filled(dir, 100);
  auto wrong = j->learned();
  j.reset();
  wrong.metrics.successful_cycles += 7;
  overwrite_learned(dir.journal(), wrong);
  findings found;
  running_buffer buffer{options_in(dir), nullptr, found.note()};
  REQUIRE(!buffer.opened());
  REQUIRE(eventually([&] { return found.count() > 0; }));
  CHECK(!found.all[0].second);
  CHECK_THAT(found.all[0].first, Catch::Matchers::Contains("made anew"));
  CHECK(!status(buffer).degraded);
  CHECK(buffer.ask<reflection_metrics>(metrics_query{})->successful_cycles
        == wrong.metrics.successful_cycles - 7);
}
