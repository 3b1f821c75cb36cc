#pragma once

#include <hololoom/actors/supervision/core/books.hpp>
#include <hololoom/actors/supervision/core/restart_limit.hpp>
#include <hololoom/actors/supervision/core/slices.hpp>

#include <deque>
#include <set>

namespace hololoom::supervision {

/// What became of an attempt to start a child.
enum class attempt : std::uint8_t { running, pending, ignored, failed };

/// The rule for starting children, and for starting them again: which ones,
/// after how long, and when the supervisor gives up.
class restart {
public:
  /// What the rule needs of the supervisor.
  class orders {
  public:
    virtual bool is_stopping() const = 0;
    /// Stops all children, then ends the supervisor.
    virtual void stop_all(caf::error reason, time_point now) = 0;
    /// Stops the group of `c`, which is down, and starts it again.
    virtual void restart_group(child& c, time_point now) = 0;
    /// Starts `c`, which is down, by itself.
    virtual void restart_alone(child& c, time_point now) = 0;
    /// The restart of a group has failed.
    virtual void abandon_group() = 0;
    /// `c` is down for good, or until a request starts it.
    virtual void stays_down(child& c) = 0;

  protected:
    ~orders() = default;
  };

  restart(const supervisor_options& options, books& children, core_host& host,
          slices& turns, orders& up)
    : options_(options),
      books_(children),
      host_(host),
      slices_(turns),
      orders_(up),
      limit_(options.intensity, options.period),
      random_(options.seed) {}

  /// Makes one attempt to start `c`, and sees to what it leads to. One that
  /// was ignored or failed may have been forgotten.
  attempt start(child& c, origin why, time_point now);
  /// A start that was pending has failed, and `c` is down.
  void start_failed(child& c, const caf::error& reason, time_point now);
  /// `c` ended without having been asked to.
  void on_end(child& c, exit_class why, time_point now);
  /// The backoff of `c` is over.
  void backoff_is_over(child& c, time_point now) { restart_now(c, now); }
  /// Counts a restart beside a stuck incarnation.
  /// @returns false when that was one too many, and the supervisor gave up.
  bool may_replace(child& c, time_point now);

  // -- failed restarts, to be tried again at once -----------------------------

  std::size_t retries() const { return retries_.size(); }
  void retry_next(time_point now);
  void drop_retries() { retries_.clear(); }

  // -- starts that wait for a group -------------------------------------------

  /// `c` was stopped with its group while a request waited for its start: the
  /// group's restart brings it back.
  void await_group(const child& c) { group_waits_.insert(c.order); }
  /// No plan is under way. A group whose restart was given up does not come
  /// back by itself: the requests that wait for its members fail.
  void fail_group_waits();

private:
  attempt try_start(child& c, origin why, time_point now, errc& code);
  void start_ignored(child& c);
  void request_restart(child& c, time_point now);
  bool may_restart(child& c, time_point now);
  void restart_now(child& c, time_point now);
  bool may_end_all(const child& c) const;
  void check_auto_shutdown(caf::error end, time_point now);
  void give_up(child& c, time_point now);

  const supervisor_options& options_;
  books& books_;
  core_host& host_;
  slices& slices_;
  orders& orders_;
  restart_limit limit_;
  seeded_random random_;
  std::uint64_t last_start_ = 0;
  std::deque<std::uint64_t> retries_;
  std::set<std::uint64_t> group_waits_;
};

} // namespace hololoom::supervision
