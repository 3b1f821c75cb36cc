#include <hololoom/actors/supervision/cascade/reaper.hpp>
#include <hololoom/actors/supervision/supervisor_code.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <system_error>
#include <thread>
#include <utility>

namespace hololoom {

namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

/// A call of a probe that takes longer has a thread to itself.
constexpr auto patience = 50ms;
constexpr std::size_t most_threads = 16;

/// How many more children are killed at a time, and how many are looked at
/// again: the caller has other things to do.
constexpr std::size_t most_new = 4096;
constexpr std::size_t most_again = 16384;

} // namespace

/// Shared with the threads, which may outlive the reaper in a probe that does
/// not return.
class reaper::work {
public:
  /// What a thread of the reaper does.
  void run() {
    supervisor_code mark;
    auto mine = std::make_shared<visit>();
    unique_lock guard{mutex_};
    visits_.push_back(mine);
    for (;;) {
      while (queue_.empty() && !over_)
        changed_.wait(guard);
      if (over_)
        return;
      mine->at = std::move(queue_.front());
      mine->since = steady::now();
      queue_.pop_front();
      guard.unlock();
      auto moved = mine->at->look();
      guard.lock();
      progress_ += moved ? 1 : 0;
      mine->at->queued = false;
      mine->at = nullptr;
    }
  }

  void close() {
    lock_guard guard{mutex_};
    over_ = true;
    forget_all();
    changed_.notify_all();
  }

  void clear() {
    lock_guard guard{mutex_};
    forget_all();
  }

  /// Whether it can take more.
  bool is_free() const {
    lock_guard guard{mutex_};
    return queue_.size() < most_new;
  }

  void take(std::vector<living_child> children, bool inline_probes) {
    lock_guard guard{mutex_};
    for (auto& x : children) {
      entries_.push_back(std::make_shared<forced_child>(std::move(x)));
      open_.push_back(entries_.back());
      look_at(entries_.back(), inline_probes);
    }
    changed_.notify_all();
  }

  /// Looks again at some of those that were killed.
  void look(bool inline_probes) {
    lock_guard guard{mutex_};
    for (auto n = std::min(open_.size(), most_again); n > 0; --n) {
      at_ = at_ < open_.size() ? at_ : 0;
      auto& x = open_[at_];
      // The actor shows by itself that it has not ended.
      if (!x->queued && x->open()
          && (x->what == stage::unknown || is_down(x->who.handle)))
        look_at(x, inline_probes);
      if (x->open()) {
        ++at_;
        continue;
      }
      x = std::move(open_.back());
      open_.pop_back();
    }
    changed_.notify_all();
  }

  bool done() const {
    lock_guard guard{mutex_};
    return open_.empty();
  }

  std::size_t progress() const {
    lock_guard guard{mutex_};
    return progress_;
  }

  /// Whether children wait for their probes to be asked, and each thread is in
  /// a probe that does not return. Kills those whose probes are at fault.
  bool hangs() {
    lock_guard guard{mutex_};
    auto now = steady::now();
    stuck_ = 0;
    for (const auto& x : visits_) {
      if (!x->at || now - x->since < patience)
        continue;
      ++stuck_;
      if (x->at->what == stage::unknown && !x->at->hung.exchange(true))
        x->at->kill();
    }
    return stuck_ >= threads && !queue_.empty();
  }

  void
  each(const std::function<void(const living_child&, const child_fate&)>& f) {
    lock_guard guard{mutex_};
    for (const auto& x : entries_)
      if (auto what = x->fate(stuck_ > 0))
        f(x->who, *what);
  }

  std::vector<living_child> excused() const {
    lock_guard guard{mutex_};
    std::vector<living_child> result;
    for (const auto& x : entries_)
      if (x->what == stage::excused)
        result.push_back(x->who);
    return result;
  }

  std::vector<caf::strong_actor_ptr> gone() const {
    lock_guard guard{mutex_};
    std::vector<caf::strong_actor_ptr> result;
    for (const auto& x : entries_)
      if (x->what == stage::ended || x->what == stage::down)
        result.push_back(x->who.handle);
    return result;
  }

  std::size_t threads = 0;

private:
  using stage = forced_child::stage;
  using entry_ptr = std::shared_ptr<forced_child>;

  /// What a thread is at.
  struct visit {
    entry_ptr at;
    steady::time_point since;
  };

  void forget_all() HOLOLOOM_REQUIRES(mutex_) {
    entries_.clear();
    open_.clear();
    queue_.clear();
  }

  /// A child without a probe is seen to at once: that calls no user's code.
  void look_at(const entry_ptr& x, bool inline_probes)
    HOLOLOOM_REQUIRES(mutex_) {
    if (inline_probes || !x->who.probe) {
      progress_ += x->look() ? 1 : 0;
    } else {
      x->queued = true;
      queue_.push_back(x);
    }
  }

  mutable mutex mutex_;
  condition changed_;
  std::vector<entry_ptr> entries_ HOLOLOOM_GUARDED_BY(mutex_);
  std::vector<entry_ptr> open_ HOLOLOOM_GUARDED_BY(mutex_);
  std::size_t at_ HOLOLOOM_GUARDED_BY(mutex_) = 0; ///< In `open_`.
  std::deque<entry_ptr> queue_ HOLOLOOM_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<visit>> visits_ HOLOLOOM_GUARDED_BY(mutex_);
  std::size_t progress_ HOLOLOOM_GUARDED_BY(mutex_) = 0;
  std::size_t stuck_ HOLOLOOM_GUARDED_BY(mutex_) = 0; ///< Threads that hang.
  bool over_ HOLOLOOM_GUARDED_BY(mutex_) = false;
};

reaper::reaper(bool own_thread)
  : own_thread_(own_thread), work_(std::make_shared<work>()) {
  if (own_thread_)
    start_thread();
}

reaper::~reaper() {
  work_->close();
}

void reaper::start_thread() {
  std::thread{[shared = work_] {
    shared->run();
  }}.detach();
  ++work_->threads;
}

void reaper::kill(living_walk children) {
  work_->clear();
  walk_ = std::move(children);
  look();
}

void reaper::look() {
  if (own_thread_ && work_->hangs() && work_->threads < most_threads) {
    try {
      start_thread();
    } catch (const std::system_error&) {
      // The others wait for the probe that hangs, and are let go with it.
    }
  }
  if (has_more() && work_->is_free())
    work_->take(walk_.next(most_new), !own_thread_);
  work_->look(!own_thread_);
}

bool reaper::done() const {
  return !has_more() && work_->done();
}

std::size_t reaper::progress() const {
  return work_->progress();
}

void reaper::each(
  const std::function<void(const living_child&, const child_fate&)>& f) {
  work_->each(f);
}

std::map<std::pair<std::string, ended>, std::size_t> reaper::rest() {
  return walk_.rest();
}

std::vector<living_child> reaper::excused() const {
  return work_->excused();
}

std::vector<caf::strong_actor_ptr> reaper::gone() const {
  return work_->gone();
}

} // namespace hololoom
