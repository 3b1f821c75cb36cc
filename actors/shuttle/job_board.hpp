#pragma once

#include <hololoom/actors/shuttle/protocol.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace hololoom {

/// The admitted weaves without an answer yet: those that wait for a weaver, in
/// order of arrival, and those under way. Pure bookkeeping: no actors, no
/// clock.
class job_board {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// A weave on the board.
  struct job {
    weave_order order;
    /// Its deadline.
    time_point due;
    /// Whether a weaver has it.
    bool under_way = false;
    /// Whether its weaver was asked to stop.
    bool stopping = false;
  };

  /// @param max_under_way the most weaves with a weaver
  /// @param max_waiting the most weaves without one
  /// @param margin how long past its deadline a weave may stay under way
  job_board(std::size_t max_under_way, std::size_t max_waiting, millis margin);

  /// Whether one more weave may be added while `idle` weavers are free.
  bool has_room(std::size_t idle) const;

  /// Puts a weave on the board, waiting.
  /// @returns its number.
  std::uint64_t add(weave_order order, time_point due);

  /// Marks the next waiting weave as under way and returns it; null if none
  /// waits or too many are under way.
  job* start_next();

  /// Takes a weave off the board.
  /// @returns nothing for an unknown number.
  std::optional<job> remove(std::uint64_t number);

  /// Numbers of all weaves on the board.
  std::vector<std::uint64_t> all() const;

  /// The weaves that are late.
  struct late {
    /// Waited past their deadline.
    std::vector<std::uint64_t> unstarted;
    /// Past their deadline and to be asked to stop; each is listed once.
    std::vector<std::uint64_t> to_stop;
    /// Past their deadline and the margin.
    std::vector<std::uint64_t> stuck;
  };
  late find_late(time_point now);

  /// When `find_late` may next find anything; nothing for an empty board.
  std::optional<time_point> next_check() const;

  job* find(std::uint64_t number);
  std::size_t under_way() const { return under_way_; }
  std::size_t waiting() const { return waiting_.size(); }
  bool empty() const { return jobs_.empty(); }

private:
  std::size_t max_under_way_;
  std::size_t max_waiting_;
  std::chrono::steady_clock::duration margin_;
  std::uint64_t last_number_ = 0;
  std::size_t under_way_ = 0;
  std::map<std::uint64_t, job> jobs_;
  std::deque<std::uint64_t> waiting_;
};

} // namespace hololoom
