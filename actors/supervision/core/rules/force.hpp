#pragma once

#include <hololoom/actors/supervision/core/rules/drain.hpp>

#include <deque>
#include <map>
#include <set>

namespace hololoom::supervision {

/// The rule for forcing the children that a drain left: each is killed, and a
/// force is answered when all of them are down or abandoned.
class force {
public:
  force(books& children, core_host& host, slices& turns, stopping& stop,
        drain& before)
    : books_(children),
      host_(host),
      slices_(turns),
      stopping_(stop),
      drain_(before) {}

  void request(ticket t, bool all, time_point now);
  /// Kills those whose turn has come.
  void advance(time_point now);
  void resume() { paused_ = false; }
  /// A child is down, or abandoned.
  /// @returns whether a force waits for it.
  bool on_down(child& c, ended how, time_point now);
  /// The supervisor below `c` has answered its own force.
  void answered_below(const child& c, const force_report& report);
  /// The supervisor ends: answers all that still wait.
  void finish();

  bool idle() const { return forces_.empty(); }

private:
  struct op {
    ticket id = 0;
    std::set<std::uint64_t> waiting;
    std::map<std::uint64_t, std::string> doing;
    force_report report;
  };

  void answer();

  books& books_;
  core_host& host_;
  slices& slices_;
  stopping& stopping_;
  drain& drain_;
  std::vector<op> forces_;
  std::deque<std::uint64_t> queue_; ///< Children that are not forced yet.
  bool paused_ = false;             ///< Its slice is spent.
};

} // namespace hololoom::supervision
