#include <hololoom/actors/supervision/cascade/reaper.hpp>
#include <hololoom/actors/supervision/supervisor_code.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <algorithm>
#include <atomic>
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

void kill_now(const living_child& x) {
  exit_high(x.handle, caf::make_error(caf::exit_reason::kill));
}

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
      mine->at->look();
      guard.lock();
      mine->at = nullptr;
    }
  }

  void close() {
    lock_guard guard{mutex_};
    over_ = true;
    entries_.clear();
    queue_.clear();
    changed_.notify_all();
  }

  void take(std::vector<living_child> children, bool inline_probes) {
    lock_guard guard{mutex_};
    queue_.clear();
    entries_.clear();
    for (auto& x : children) {
      entries_.push_back(std::make_shared<entry>(std::move(x)));
      look_at(entries_.back(), inline_probes);
    }
    open_ = entries_;
    changed_.notify_all();
  }

  std::size_t look(bool inline_probes) {
    lock_guard guard{mutex_};
    drop_closed();
    if (queue_.empty()) {
      for (const auto& x : open_)
        // The actor shows by itself that it has not ended.
        if (!is_visited(x)
            && (x->what == fate::unknown || is_down(x->who.handle)))
          look_at(x, inline_probes);
      changed_.notify_all();
    }
    drop_closed();
    auto unasked = std::count_if(open_.begin(), open_.end(), [](const auto& x) {
      return x->what == fate::unknown;
    });
    return open_.size() + static_cast<std::size_t>(unasked);
  }

  /// Whether children wait for their probes to be asked, and each thread is in
  /// a probe that does not return. Kills those whose probes are at fault.
  bool hangs() {
    lock_guard guard{mutex_};
    auto now = steady::now();
    auto stuck = std::size_t{0};
    for (const auto& x : visits_) {
      if (!x->at || now - x->since < patience)
        continue;
      ++stuck;
      if (x->at->what == fate::unknown && !x->at->hung.exchange(true))
        kill_now(x->at->who);
    }
    return stuck >= threads && !queue_.empty();
  }

  std::vector<reaper::killed> result() const {
    lock_guard guard{mutex_};
    std::vector<reaper::killed> result;
    for (const auto& x : entries_) {
      fate what = x->what;
      if (what == fate::unknown)
        result.push_back({x->who, x->hung ? maybe<std::string>{std::string{
                                    "its probe does not return"}}
                                          : nothing});
      else if (what == fate::killed || what == fate::down)
        result.push_back({x->who, x->doing, what == fate::down});
    }
    return result;
  }

  std::vector<living_child> excused() const {
    lock_guard guard{mutex_};
    std::vector<living_child> result;
    for (const auto& x : entries_)
      if (x->what == fate::excused)
        result.push_back(x->who);
    return result;
  }

  std::vector<caf::strong_actor_ptr> gone() const {
    lock_guard guard{mutex_};
    std::vector<caf::strong_actor_ptr> result;
    for (const auto& x : entries_)
      if (x->what == fate::ended || x->what == fate::down)
        result.push_back(x->who.handle);
    return result;
  }

  std::size_t threads = 0;

private:
  enum class fate : std::uint8_t {
    unknown, ///< Its probe has not been asked.
    ended,   ///< It had ended before.
    excused, ///< It waits for the drain itself.
    killed,
    down, ///< It was killed, and is down.
  };

  /// Seen to by one thread at a time, which writes `doing` before `what`.
  struct entry {
    explicit entry(living_child x) : who(std::move(x)) {}

    bool open() const { return what == fate::unknown || what == fate::killed; }

    /// Kills it, or looks whether it is down. Calls its probe.
    void look() {
      if (what == fate::killed) {
        what = lives(who) ? fate::killed : fate::down;
      } else if (supervision::awaits_drain(who.probe)) {
        what = fate::excused;
      } else if (!lives(who)) {
        what = hung ? fate::down : fate::ended;
      } else {
        if (auto text = describe_work(who))
          doing = std::move(*text);
        supervision::force_probe(who.probe);
        kill_now(who);
        what = fate::killed;
      }
    }

    const living_child who;
    maybe<std::string> doing;
    std::atomic<fate> what = fate::unknown;
    std::atomic<bool> hung = false; ///< Was killed without its probe.
  };
  using entry_ptr = std::shared_ptr<entry>;

  /// What a thread is at.
  struct visit {
    entry_ptr at;
    steady::time_point since;
  };

  void drop_closed() HOLOLOOM_REQUIRES(mutex_) {
    std::vector<entry_ptr> rest;
    for (auto& x : open_)
      if (x->open())
        rest.push_back(std::move(x));
    open_ = std::move(rest);
  }

  bool is_visited(const entry_ptr& x) const HOLOLOOM_REQUIRES(mutex_) {
    return std::any_of(visits_.begin(), visits_.end(),
                       [&](const auto& y) { return y->at == x; });
  }

  /// A child without a probe is seen to at once: that calls no user's code.
  void look_at(const entry_ptr& x, bool inline_probes)
    HOLOLOOM_REQUIRES(mutex_) {
    if (inline_probes || !x->who.probe)
      x->look();
    else
      queue_.push_back(x);
  }

  mutable mutex mutex_;
  condition changed_;
  std::vector<entry_ptr> entries_ HOLOLOOM_GUARDED_BY(mutex_);
  std::vector<entry_ptr> open_ HOLOLOOM_GUARDED_BY(mutex_);
  std::deque<entry_ptr> queue_ HOLOLOOM_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<visit>> visits_ HOLOLOOM_GUARDED_BY(mutex_);
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

void reaper::kill(std::vector<living_child> children) {
  work_->take(std::move(children), !own_thread_);
}

std::size_t reaper::left() {
  if (own_thread_ && work_->hangs() && work_->threads < most_threads) {
    try {
      start_thread();
    } catch (const std::system_error&) {
      // The others wait for the probe that hangs, and are let go with it.
    }
  }
  return work_->look(!own_thread_);
}

std::vector<reaper::killed> reaper::result() const {
  return work_->result();
}

std::vector<living_child> reaper::excused() const {
  return work_->excused();
}

std::vector<caf::strong_actor_ptr> reaper::gone() const {
  return work_->gone();
}

} // namespace hololoom
