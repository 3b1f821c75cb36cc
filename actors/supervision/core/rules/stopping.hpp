#pragma once

#include <hololoom/actors/supervision/core/books.hpp>

#include <map>

namespace hololoom::supervision {

/// How long a supervisor below may take to answer past a deadline that was its
/// own as well.
constexpr auto answer_margin = std::chrono::milliseconds{100};

/// How a child's end appears in a report.
ended how_it_ended(const child& c, exit_class why);

/// The rule for one child that has to end: it is asked, killed when its limit
/// is over, and abandoned when the kill has no effect.
class stopping {
public:
  /// What a limit that is over leads to.
  enum class verdict : std::uint8_t {
    waits,     ///< The child has a new limit.
    ended,     ///< Its actor was down already, and now its thread is, too.
    abandoned, ///< It did not end when killed.
  };

  stopping(const supervisor_options& options, books& children, core_host& host)
    : options_(options), books_(children), host_(host) {}

  void ask(child& c, time_point now);
  void kill(child& c, time_point now);
  /// Ends what a drain left: a kill, or a force of the supervisor below.
  void force(child& c, time_point now);
  /// Ends a child that will not become ready. The start has failed when it is
  /// down.
  void give_up_start(child& c, std::string why, time_point now);

  /// Whether `c` has its last limit: past that it is abandoned.
  bool is_forced(const child& c) const {
    return c.kill_sent || alive_below_.contains(c.order);
  }

  /// The actor of `c` is down.
  /// @returns whether a thread of it goes on, which gets the rest of its time.
  bool leaves_thread(child& c) const;
  verdict check_thread(child& c, time_point now);
  /// The limit of `c` is over, which is starting or stopping.
  verdict limit_is_over(child& c, time_point now);

  /// `c` is down after it was asked to end.
  void stopped(const child& c, time_point now);
  /// `c` loses its handle.
  void forget(const child& c) { alive_below_.erase(c.order); }

private:
  time_point patience(const child& c, time_point now);

  const supervisor_options& options_;
  books& books_;
  core_host& host_;
  time_point last_kill_{}; ///< When the last killed child was down.
  /// How many were alive below those that were forced, by the child's order.
  std::map<std::uint64_t, std::int64_t> alive_below_;
};

} // namespace hololoom::supervision
