#pragma once

#include <hololoom/actors/supervision/core/host.hpp>
#include <hololoom/actors/supervision/core/timers.hpp>
#include <hololoom/actors/supervision/options.hpp>

#include <string>

namespace hololoom::supervision {

/// The records of a supervisor's children: what they are, how many, whose limit
/// is due next, and which requests wait for one of them. The rules change a
/// child through the books, so that these are always true.
class books {
public:
  books(const supervisor_options& options, board& children, core_host& host)
    : simple_(options.strategy == strategy::simple_one_for_one),
      children_(children),
      host_(host) {}

  // -- children ---------------------------------------------------------------

  child* find(std::uint64_t order) { return children_.find(order); }
  child* find(const std::string& name) { return children_.find(name); }
  board::child_map& children() { return children_.children(); }

  child& add(std::string name, child_spec_ptr spec);
  void remove(child& c);
  /// Moves the actor of `c`, which is stuck, to a child of its own, which is
  /// never restarted.
  child& move_aside(child& c);

  /// A start has given `c` an actor.
  void take_handle(child& c, start_result& r, child_state s, time_point now);
  /// A child whose start was pending can serve.
  void now_ready(child& c, time_point now);
  /// `c` does not end, and nothing waits for it any more.
  void stop_waiting(child& c);
  /// The actor of `c` is down, or abandoned: clears what the rules noted of it.
  void lose_handle(child& c, std::string reason);
  void set_state(child& c, child_state s);
  void set_reason(child& c, std::string reason);
  /// How far the start of `c` is.
  void set_progress(child& c, std::string what);

  // -- limits -----------------------------------------------------------------

  /// When the limit of `c` is over; `no_time`: it has none.
  void set_due(child& c, time_point due);
  time_point next_due();
  /// A child whose limit is over; null when there is none.
  child* take_due(time_point now);

  // -- requests that wait for a child -----------------------------------------

  static void await_start(child& c, ticket t);
  static void await_stop(child& c, ticket t);
  void answer_starts(child& c);
  void answer_starts(child& c, const caf::error& reason);
  void answer_stops(child& c);

  // -- properties -------------------------------------------------------------

  /// `active` counts those that have an actor.
  const child_counts& counts() const noexcept { return counts_; }
  /// The same, with those alone as `active` that can serve: as OTP counts.
  child_counts told_counts() const noexcept {
    auto result = counts_;
    result.active -= pending_;
    return result;
  }
  /// Counts the template of a simple_one_for_one.
  void count_template() { counts_.specs = 1; }
  /// How many significant children are active or about to be.
  std::int64_t significant() const noexcept { return significant_; }
  bool simple() const noexcept { return simple_; }
  const std::string& path() const noexcept { return children_.path(); }
  std::string where(const child& c) const {
    return "child '" + c.name + "' of " + path();
  }

private:
  void count(const child& c, int change);
  void count_significant(child& c);
  void set_pending(child& c, bool x);
  auto still_due() {
    return [this](std::uint64_t order, time_point due) {
      auto c = find(order);
      return c != nullptr && c->due == due;
    };
  }

  bool simple_;
  board& children_;
  core_host& host_;
  timers timers_;
  child_counts counts_;
  std::int64_t significant_ = 0;
  std::int64_t pending_ = 0;
};

} // namespace hololoom::supervision
