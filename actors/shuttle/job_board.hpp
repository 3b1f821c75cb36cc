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

/// Weaves that were admitted and not answered yet: those that wait for a
/// weaver, in order of arrival, and those under way. Plain bookkeeping, without
/// actors.
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

  /// @param max_under_way weaves with a weaver at once
  /// @param max_waiting weaves without one
  /// @param margin how long past its deadline one under way may still go on
  job_board(std::size_t max_under_way, std::size_t max_waiting, millis margin);

  /// Whether one more may be added while `idle` weavers have nothing to do.
  bool has_room(std::size_t idle) const;

  /// Puts a weave on the board, waiting.
  /// @returns its number.
  std::uint64_t add(weave_order order, time_point due);

  /// The next that may be handed to a weaver, now under way; null if none waits
  /// or too many are under way.
  job* start_next();

  /// Takes a weave off the board.
  /// @returns nothing if it was not on it.
  std::optional<job> remove(std::uint64_t number);

  /// Numbers of all weaves on the board.
  std::vector<std::uint64_t> all() const;

  /// What is late at `now`.
  struct late {
    /// Waited past their deadline.
    std::vector<std::uint64_t> unstarted;
    /// Past their deadline and to be asked to stop; each is named once.
    std::vector<std::uint64_t> to_stop;
    /// Past their deadline and the margin.
    std::vector<std::uint64_t> stuck;
  };
  late find_late(time_point now);

  /// When `find_late` will next find anything; nothing for an empty board.
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
