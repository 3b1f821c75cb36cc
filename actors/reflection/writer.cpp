#include <hololoom/actors/reflection/writer.hpp>

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace hololoom {

namespace {

/// Tasks that share a transaction at most: a commit takes some ten milliseconds
/// then, and a flush of many episodes shows that it moves.
constexpr std::size_t largest_group = 1024;

/// How long after the last task the log is moved into the database.
constexpr auto idle_after = std::chrono::milliseconds{200};

} // namespace

/// Outlives the writer while the thread needs it.
struct journal_writer::shared {
  options opts;
  std::unique_ptr<hololoom::journal> store;

  std::mutex calls_mutex;
  callbacks calls;

  std::mutex mutex;
  std::condition_variable wake;
  std::deque<journal_task_ptr> queue;
  bool closing = false;

  std::shared_ptr<disk_activity> activity;
  std::mutex activity_mutex;

  template <class F>
  void call(F f) {
    std::lock_guard guard{calls_mutex};
    f(calls);
  }
};

namespace {

/// Opens the journal, waiting for a predecessor in this process to close it.
caf::expected<std::unique_ptr<journal>>
open_when_free(const journal_options& options,
               std::chrono::milliseconds patience) {
  auto until = std::chrono::steady_clock::now() + patience;
  auto pause = std::chrono::milliseconds{1};
  auto lock_file = options.file;
  lock_file.replace_extension(".lock");
  for (;;) {
    auto result = journal::open(options);
    if (result || !is(result.error(), errc::data_dir_locked))
      return result;
    auto owner = locked_by(lock_file);
    auto ours = owner == 0 || owner == ::getpid();
    if (!ours || std::chrono::steady_clock::now() >= until)
      return result;
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, std::chrono::milliseconds{50});
  }
}

caf::error run_together(journal& store,
                        const std::vector<journal_task_ptr>& tasks) {
  if (auto err = store.begin())
    return err;
  for (const auto& task : tasks) {
    if (auto err = task->run(store)) {
      store.rollback();
      return err;
    }
  }
  return store.commit();
}

} // namespace

journal_writer::journal_writer(options opts, callbacks calls)
  : shared_(std::make_shared<shared>()) {
  shared_->opts = std::move(opts);
  shared_->calls = std::move(calls);
  std::thread{[s = shared_] {
    work(s);
  }}.detach();
}

journal_writer::~journal_writer() {
  {
    std::lock_guard guard{shared_->calls_mutex};
    shared_->calls = {};
  }
  close();
}

void journal_writer::submit(journal_task_ptr x) {
  {
    std::lock_guard guard{shared_->mutex};
    shared_->queue.push_back(std::move(x));
  }
  shared_->wake.notify_one();
}

void journal_writer::close() {
  {
    std::lock_guard guard{shared_->mutex};
    shared_->closing = true;
  }
  shared_->wake.notify_one();
}

std::uint64_t journal_writer::activity() const {
  std::lock_guard guard{shared_->activity_mutex};
  return shared_->activity ? shared_->activity->total() : 0;
}

namespace {

/// Takes what belongs in the next transaction off the queue: one task that
/// wants to be alone, or as many as may be together.
std::vector<journal_task_ptr> take(std::deque<journal_task_ptr>& queue) {
  std::vector<journal_task_ptr> result;
  while (!queue.empty() && result.size() < largest_group) {
    auto grouped = queue.front()->grouped();
    if (!grouped && !result.empty())
      break;
    result.push_back(std::move(queue.front()));
    queue.pop_front();
    if (!grouped)
      break;
  }
  return result;
}

} // namespace

void journal_writer::work(const std::shared_ptr<shared>& s) {
  auto opened = open_when_free(s->opts.journal, s->opts.lock_wait);
  journal_opening opening;
  if (opened) {
    s->store = std::move(*opened);
    std::lock_guard guard{s->activity_mutex};
    s->activity = s->store->activity();
  } else {
    opening.failed = std::move(opened.error());
  }
  if (s->store)
    opening.failed = s->store->verify();
  if (!opening.failed) {
    opening.learned = std::make_shared<learned_state>(s->store->learned());
    auto newest = s->store->newest(s->opts.newest);
    if (newest)
      opening.newest = std::move(*newest);
    else
      opening.failed = std::move(newest.error());
  }
  auto failed = static_cast<bool>(opening.failed);
  if (failed)
    s->store.reset();
  s->call([&](callbacks& c) {
    if (c.opened)
      c.opened(std::move(opening));
  });
  auto tended = false;
  while (!failed) {
    journal_result result;
    {
      std::unique_lock guard{s->mutex};
      auto ready = [&] {
        return s->closing || !s->queue.empty();
      };
      if (tended)
        s->wake.wait(guard, ready);
      else if (!s->wake.wait_for(guard, idle_after, ready))
        tended = true;
      if (s->queue.empty() && s->closing)
        break;
      result.tasks = take(s->queue);
    }
    if (result.tasks.empty()) {
      (void)s->store->tend(true);
      continue;
    }
    tended = false;
    auto before =
      std::pair{s->store->learned().sequence, s->store->learned().adjustments};
    if (result.tasks.front()->grouped())
      result.failed = run_together(*s->store, result.tasks);
    else
      result.failed = result.tasks.front()->run(*s->store);
    const auto& learned = s->store->learned();
    if (before != std::pair{learned.sequence, learned.adjustments})
      result.learned = std::make_shared<learned_state>(learned);
    if (!result.failed)
      for (const auto& task : result.tasks)
        task->committed();
    s->call([&](callbacks& c) {
      if (c.finished)
        c.finished(std::move(result));
    });
    // An error shows again with the next write, if it is one that matters.
    (void)s->store->tend(false);
  }
  s->store.reset();
  s->call([](callbacks& c) {
    if (c.closed)
      c.closed();
  });
}

} // namespace hololoom
