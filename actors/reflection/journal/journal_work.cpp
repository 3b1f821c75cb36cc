// What the journal's thread does.

#include <hololoom/actors/reflection/journal/journal_work.hpp>
#include <hololoom/actors/storage/atomic_file.hpp>

#include <algorithm>
#include <exception>
#include <iterator>
#include <new>
#include <string>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace hololoom {

namespace {

/// How long after the last task the thread counts as idle.
constexpr auto idle_after = std::chrono::milliseconds{200};

/// A slice of verification while no task waits, and the pause after it: the
/// processor and the disk are others' as well.
constexpr auto idle_slice = std::chrono::milliseconds{20};
constexpr auto slice_pause = std::chrono::milliseconds{5};

/// A slice between tasks, and how often one is due.
constexpr auto busy_slice = std::chrono::milliseconds{2};
constexpr auto busy_interval = std::chrono::milliseconds{50};

using steady = std::chrono::steady_clock;

/// The exception that is being handled, as an error.
caf::error caught() {
  std::string tried = "the journal's work was given up: ";
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return failure(errc::io_error, tried + "there is not enough memory");
  } catch (const std::system_error& e) {
    return failure(errc_for(e.code().value(), errc::io_error),
                   tried + e.what());
  } catch (const std::exception& e) {
    return failure(errc::internal, tried + e.what());
  } catch (...) {
    return failure(errc::internal, tried + "an unknown exception");
  }
}

/// Opens the journal; waits for a predecessor in this process to close it.
caf::expected<std::unique_ptr<journal>>
open_when_free(const journal_options& options,
               std::chrono::milliseconds patience,
               const std::stop_token& stop) {
  auto until = steady::now() + patience;
  auto pause = std::chrono::milliseconds{1};
  for (;;) {
    auto result = journal::open(options);
    if (result || !is(result.error(), errc::data_dir_locked))
      return result;
    auto owner = lock_owner(lock_file(options.file));
    auto ours = owner == 0 || owner == ::getpid();
    if (!ours || steady::now() >= until || stop.stop_requested())
      return result;
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, std::chrono::milliseconds{50});
  }
}

} // namespace

journal_opening journal_thread::shared::open() {
  try {
    return open_or_throw();
  } catch (...) {
    store.reset();
    return {caught(), nullptr, {}};
  }
}

journal_opening journal_thread::shared::open_or_throw() {
  journal_opening result;
  auto opened =
    open_when_free(opts.journal, opts.lock_wait, give_up.get_token());
  if (!opened) {
    result.failed = std::move(opened.error());
    return result;
  }
  if (give_up.stop_requested()) {
    result.failed = failure(errc::cancelled, "the opening was called off");
    return result;
  }
  store = std::move(*opened);
  result.learned = store->shared();
  if (auto newest = store->newest(opts.newest))
    result.newest = std::move(*newest);
  else
    result.failed = std::move(newest.error());
  if (result.failed)
    store.reset();
  return result;
}

/// Runs `tasks`, and those that arrive in time, in one transaction. Adds the
/// tasks that it takes from the queue to `tasks`.
caf::error journal_thread::shared::run_together(task_queue::tasks& tasks) {
  if (auto err = store->begin())
    return err;
  for (std::size_t i = 0; i < tasks.size();) {
    for (; i < tasks.size(); ++i) {
      if (auto err = tasks[i]->run(*store)) {
        store->rollback();
        return err;
      }
    }
    auto more = queue.more(tasks.size());
    std::move(more.begin(), more.end(), std::back_inserter(tasks));
  }
  auto begun = steady::now();
  auto err = store->commit();
  queue.committed(tasks.size(), steady::now() - begun);
  return err;
}

/// Runs the tasks as they want to be run. What they throw is an error like that
/// of a disk.
caf::error journal_thread::shared::run_each(task_queue::tasks& tasks) {
  try {
    return tasks.front()->grouped() ? run_together(tasks)
                                    : tasks.front()->run(*store);
  } catch (...) {
    auto err = caught();
    store->rollback();
    return err;
  }
}

void journal_thread::shared::run(task_queue::tasks tasks) {
  journal_result result;
  result.tasks = std::move(tasks);
  const auto& learned = store->learned();
  auto before = std::pair{learned.sequence, learned.adjustments};
  auto changes = store->changes();
  result.failed = run_each(result.tasks);
  result.learned = before != std::pair{learned.sequence, learned.adjustments};
  result.wrote = !result.failed && store->changes() != changes;
  if (is(result.failed, errc::corrupt))
    store->found_damage(result.failed);
  auto stored = result.failed ? task_queue::tasks{} : result.tasks;
  call(&callbacks::finished, std::move(result));
  try {
    for (const auto& task : stored)
      task->answered(*store);
  } catch (...) {
    // They are durable, and their askers have been told.
  }
}

/// @returns whether there is no more to do.
bool journal_thread::shared::tend(bool idle) {
  caf::error err;
  try {
    err = store->tend(idle);
  } catch (...) {
    err = caught();
    store->rollback();
  }
  // Another error that matters recurs with the next write.
  if (is(err, errc::corrupt))
    store->found_damage(err);
  return err || !store->behind();
}

/// @param yield whether to end the slice when a task arrives.
void journal_thread::shared::verify(steady::duration at_most, bool yield) {
  auto until = steady::now() + at_most;
  try {
    verifying = store->verify_some([&] {
      auto wanted = yield ? queue.waiting() : queue.closed();
      return !wanted && steady::now() < until;
    });
  } catch (...) {
    // The next opening goes on with it.
    verifying = false;
  }
  verified_at = steady::now();
}

void journal_thread::shared::tell_findings() {
  if (store->relearned() && !std::exchange(told_relearned, true))
    call(&callbacks::found, {{}, true});
  if (store->damage() && !std::exchange(told_damage, true))
    call(&callbacks::found, {store->damage(), false});
}

void journal_thread::work(const std::shared_ptr<shared>& s) {
  auto opening = s->open();
  s->call(&callbacks::opened, std::move(opening));
  auto tended = false;
  auto worked_at = steady::now();
  while (s->store) {
    s->tell_findings();
    s->opts.watch->idle();
    auto patience = s->verifying ? slice_pause
                  : tended       ? s->opts.age_check
                                 : idle_after;
    auto tasks = s->queue.next(patience);
    s->opts.watch->busy();
    auto now = steady::now();
    if (!tasks.empty()) {
      s->run(std::move(tasks));
      (void)s->tend(false);
      if (s->verifying && now - s->verified_at >= busy_interval)
        s->verify(busy_slice, false);
      tended = false;
      worked_at = steady::now();
    } else if (s->queue.finished()) {
      break;
    } else if (s->verifying && (tended || now - worked_at < idle_after)) {
      s->verify(idle_slice, true);
    } else {
      // In steps, so that a task that arrives now need not wait for all of
      // them.
      tended = s->tend(true);
    }
  }
  s->store.reset();
  s->opts.watch->end();
  lock_guard guard{s->calls_mutex};
  if (s->calls.closed)
    s->calls.closed();
}

} // namespace hololoom
