#pragma once

#include <hololoom/actors/supervision/core/books.hpp>

namespace hololoom::supervision {

/// How a child's end appears in a report.
/// @param stopping whether its supervisor is: then a cascade may have killed it
ended how_it_ended(const child& c, exit_class why, bool stopping);

/// How long killed children are waited for; longer if they are very many, as
/// they share the scheduler's threads.
caf::timespan longest_kill(const supervisor_options& options,
                           std::int64_t children);

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

  /// From now on all children are down or abandoned by `end`.
  void end_by(time_point end) { end_ = end; }

  void ask(child& c, time_point now);
  void kill(child& c, time_point now);
  /// Kills one that need not have been asked.
  void end_by_force(child& c, time_point now);
  /// Ends a child that will not become ready. The start has failed when it is
  /// down.
  void give_up_start(child& c, std::string why, time_point now);

  /// The actor of `c` is down.
  /// @returns whether a thread of it goes on, which gets the rest of its time.
  bool leaves_thread(child& c, time_point now);
  verdict check_thread(child& c, time_point now);
  /// The limit of `c` is over, which is starting or stopping.
  verdict limit_is_over(child& c, time_point now);

  /// `c` is down after it was asked to end.
  void stopped(const child& c, time_point now);

private:
  time_point patience(const child& c, time_point now);

  const supervisor_options& options_;
  books& books_;
  core_host& host_;
  time_point end_ = no_time;
  time_point last_kill_{}; ///< When the last killed child was down.
};

} // namespace hololoom::supervision
