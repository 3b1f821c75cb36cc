#include <hololoom/actors/reflection/journal/writer.hpp>

#include <algorithm>
#include <iterator>
#include <thread>
#include <unistd.h>
#include <utility>

namespace hololoom {

namespace {

/// How long after the last task the log is moved into the database.
constexpr auto idle_after = std::chrono::milliseconds{200};

} // namespace

/// Outlives the writer while the thread needs it.
struct journal_writer::shared {
  options opts;
  std::unique_ptr<hololoom::journal> store;

  std::mutex calls_mutex;
  callbacks calls;

  task_queue queue;

  /// Counts from the opening on: that, too, may hang.
  std::shared_ptr<disk_activity> activity = std::make_shared<disk_activity>();

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

/// Runs `tasks` and what else comes in time in one transaction; what was taken
/// from the queue is added to `tasks`.
caf::error run_together(journal& store, task_queue& queue,
                        task_queue::tasks& tasks) {
  if (auto err = store.begin())
    return err;
  for (std::size_t i = 0; i < tasks.size();) {
    for (; i < tasks.size(); ++i) {
      if (auto err = tasks[i]->run(store)) {
        store.rollback();
        return err;
      }
    }
    auto more = queue.more(tasks.size());
    std::move(more.begin(), more.end(), std::back_inserter(tasks));
  }
  auto begun = std::chrono::steady_clock::now();
  auto err = store.commit();
  queue.committed(tasks.size(), std::chrono::steady_clock::now() - begun);
  return err;
}

} // namespace

journal_writer::journal_writer(options opts, callbacks calls)
  : shared_(std::make_shared<shared>()) {
  shared_->opts = std::move(opts);
  shared_->opts.journal.activity = shared_->activity;
  shared_->calls = std::move(calls);
  shared_->opts.watch->begin();
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
  shared_->queue.submit(std::move(x));
}

void journal_writer::close() {
  shared_->queue.close();
}

std::uint64_t journal_writer::activity() const {
  return shared_->activity->total();
}

void journal_writer::work(const std::shared_ptr<shared>& s) {
  auto opened = open_when_free(s->opts.journal, s->opts.lock_wait);
  journal_opening opening;
  if (opened) {
    s->store = std::move(*opened);
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
    s->opts.watch->idle();
    result.tasks = s->queue.next(tended ? s->opts.age_check : idle_after);
    s->opts.watch->busy();
    if (result.tasks.empty()) {
      if (s->queue.finished())
        break;
      // In steps, so that a task that comes now need not wait for all of it.
      tended = s->store->tend(true) || !s->store->behind();
      continue;
    }
    tended = false;
    auto before =
      std::pair{s->store->learned().sequence, s->store->learned().adjustments};
    if (result.tasks.front()->grouped())
      result.failed = run_together(*s->store, s->queue, result.tasks);
    else
      result.failed = result.tasks.front()->run(*s->store);
    const auto& learned = s->store->learned();
    if (before != std::pair{learned.sequence, learned.adjustments})
      result.learned = std::make_shared<learned_state>(learned);
    if (!result.failed)
      for (const auto& task : result.tasks)
        task->committed(*s->store);
    s->call([&](callbacks& c) {
      if (c.finished)
        c.finished(std::move(result));
    });
    // An error shows again with the next write, if it is one that matters.
    (void)s->store->tend(false);
  }
  s->store.reset();
  s->opts.watch->end();
  s->call([](callbacks& c) {
    if (c.closed)
      c.closed();
  });
}

} // namespace hololoom
