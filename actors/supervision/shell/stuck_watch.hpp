#pragma once

#include <hololoom/actors/supervision/core/board.hpp>

#include <deque>
#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace hololoom::supervision {

/// Acts on what a sweep finds.
class stuck_host {
public:
  virtual ~stuck_host() = default;
  virtual void became_stuck(child& c, std::string_view doing) = 0;
  virtual void recovered(child& c) = 0;
  /// Asks an actor that does not show what it is doing for a sign of life,
  /// ahead of its backlog; `stuck_watch::answered` is called when it comes.
  virtual void ping(child& c) = 0;
};

/// Finds children whose handler does not return, a slice of them at a time, so
/// that watching 100,000 children costs a few percent of one core and a stuck
/// one is noticed within a second of its limit.
class stuck_watch {
public:
  stuck_watch(board& children, stuck_host& host)
    : children_(children), host_(host) {}

  /// Watches `c`, if its spec says so.
  void add(const child& c);

  /// Looks at the next slice. `now` is on the supervisor's clock.
  void sweep(time_point now);

  void answered(std::uint64_t order, std::int64_t incarnation);

  /// How long to wait until the next slice; nothing while no child is watched.
  std::optional<caf::timespan> interval() const;

private:
  struct sign {
    std::int64_t incarnation = 0;
    time_point asked{}; ///< On the supervisor's clock.
    time_point since{}; ///< The same moment on the steady clock.
    bool waiting = false;
    bool told = false; ///< That it is stuck.
  };

  std::optional<std::string> finding(child& c, time_point now);
  bool look_at(std::uint64_t order, time_point now);

  board& children_;
  stuck_host& host_;
  std::deque<std::uint64_t> watched_;
  std::unordered_set<std::uint64_t> known_;
  std::unordered_map<std::uint64_t, sign> signs_;
  caf::timespan shortest_{0};
};

} // namespace hololoom::supervision
