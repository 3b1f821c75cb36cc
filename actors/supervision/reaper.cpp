#include <hololoom/actors/supervision/reaper.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <chrono>
#include <deque>
#include <map>
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
    unique_lock guard{mutex_};
    for (;;) {
      while (queue_.empty() && !over_)
        changed_.wait(guard);
      if (over_)
        return;
      auto number = queue_.front();
      queue_.pop_front();
      auto copy = entries_[number];
      visits_[number] = steady::now();
      guard.unlock();
      visit(copy);
      guard.lock();
      visits_.erase(number);
      if (over_)
        return;
      entries_[number] = std::move(copy);
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
    first_ = entries_.size();
    queue_.clear();
    open_.clear();
    for (auto& x : children) {
      auto number = entries_.size();
      entries_.push_back({std::move(x), fate::unknown, nothing});
      open_.push_back(number);
      look_at(number, inline_probes);
    }
    changed_.notify_all();
  }

  std::size_t look(bool inline_probes) {
    lock_guard guard{mutex_};
    drop_closed();
    if (queue_.empty()) {
      for (auto i : open_)
        if (!visits_.contains(i))
          look_at(i, inline_probes);
      changed_.notify_all();
    }
    drop_closed();
    return open_.size();
  }

  /// Whether children wait for their probes to be asked, and each thread is in
  /// a probe that does not return. Kills those whose probes are at fault.
  bool hangs() {
    lock_guard guard{mutex_};
    auto now = steady::now();
    auto stuck = std::size_t{0};
    for (auto& [number, since] : visits_) {
      if (now - since < patience)
        continue;
      ++stuck;
      if (auto& x = entries_[number]; x.what == fate::unknown) {
        x.what = fate::killed;
        x.doing = std::string{"its probe does not return"};
        kill_now(x.who);
      }
    }
    return stuck >= threads && !queue_.empty();
  }

  std::vector<reaper::killed> result() const {
    lock_guard guard{mutex_};
    std::vector<reaper::killed> result;
    for (auto i = first_; i < entries_.size(); ++i)
      if (auto& x = entries_[i]; x.open() || x.what == fate::down)
        result.push_back({x.who, x.doing, x.what == fate::down});
    return result;
  }

  std::vector<living_child> excused() const {
    lock_guard guard{mutex_};
    std::vector<living_child> result;
    for (auto i = first_; i < entries_.size(); ++i)
      if (entries_[i].what == fate::excused)
        result.push_back(entries_[i].who);
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

  struct entry {
    living_child who;
    fate what = fate::unknown;
    maybe<std::string> doing;

    bool open() const { return what == fate::unknown || what == fate::killed; }
  };

  /// Kills `x`, or looks whether it is down. Calls its probe.
  static void visit(entry& x) {
    if (x.what == fate::killed) {
      x.what = lives(x.who) ? fate::killed : fate::down;
    } else if (supervision::awaits_drain(x.who.probe)) {
      x.what = fate::excused;
    } else if (!lives(x.who)) {
      x.what = fate::ended;
    } else {
      if (auto doing = describe_work(x.who))
        x.doing = std::move(*doing);
      supervision::force_probe(x.who.probe);
      kill_now(x.who);
      x.what = fate::killed;
    }
  }

  void drop_closed() HOLOLOOM_REQUIRES(mutex_) {
    std::vector<std::size_t> rest;
    for (auto i : open_)
      if (entries_[i].open())
        rest.push_back(i);
    open_ = std::move(rest);
  }

  /// A child without a probe is seen to at once: that calls no user's code.
  void look_at(std::size_t number, bool inline_probes)
    HOLOLOOM_REQUIRES(mutex_) {
    if (inline_probes || !entries_[number].who.probe)
      visit(entries_[number]);
    else
      queue_.push_back(number);
  }

  mutable mutex mutex_;
  condition changed_;
  std::deque<entry> entries_ HOLOLOOM_GUARDED_BY(mutex_);
  /// Where the entries of the last `take` begin.
  std::size_t first_ HOLOLOOM_GUARDED_BY(mutex_) = 0;
  std::vector<std::size_t> open_ HOLOLOOM_GUARDED_BY(mutex_);
  std::deque<std::size_t> queue_ HOLOLOOM_GUARDED_BY(mutex_);
  /// Entries whose probes are being called, and since when.
  std::map<std::size_t, steady::time_point> visits_ HOLOLOOM_GUARDED_BY(mutex_);
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

} // namespace hololoom
