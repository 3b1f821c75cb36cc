#pragma once

#include <hololoom/actors/supervision/core/books.hpp>
#include <hololoom/actors/supervision/core/rules/restart.hpp>
#include <hololoom/actors/supervision/core/slices.hpp>

namespace hololoom::supervision {

/// The rule for all that takes a supervisor more than one step: the start of
/// all children (boot), the restart of a group, or the stop of all. At most one
/// plan is under way. A plan first stops its members, the last started first,
/// then starts children in order.
class plan {
public:
  enum class activity : std::uint8_t { none, boot, group, stop };

  /// What a plan has done to a child.
  class steps {
  public:
    /// Asks `c` to end.
    /// @returns false when it had ended already.
    virtual bool stop(child& c, time_point now) = 0;
    virtual void kill(child& c, time_point now) = 0;
    virtual attempt start(child& c, origin why, time_point now) = 0;

  protected:
    ~steps() = default;
  };

  /// Until it is told what to start, a supervisor boots.
  plan(const supervisor_options& options, books& children, slices& turns,
       steps& down)
    : options_(options), books_(children), slices_(turns), steps_(down) {
    at_.what = activity::boot;
  }

  /// Tells what to start; null for a simple_one_for_one.
  void boot(child_specs specs);
  /// Restarts the child of order `first` and all after it.
  void restart_group(std::uint64_t first);
  /// @param end when it has to be over, whatever the supervisor's own limit
  void stop_all(caf::error reason, time_point now, time_point end = no_time);
  /// @returns whether that is earlier than before
  bool end_by(time_point end);
  void cancel();

  // -- properties -------------------------------------------------------------

  bool busy() const { return at_.what != activity::none; }
  bool booting() const { return at_.what == activity::boot; }
  bool restarting_group() const { return at_.what == activity::group; }
  bool stopping_all() const { return at_.what == activity::stop; }
  /// Whether it can go on now.
  bool paused() const { return at_.paused || (booting() && !booted_); }
  bool has_members() const { return at_.first < at_.above || at_.alive > 0; }
  /// Whether the plan stops `c`, or will when its turn comes.
  bool is_member(const child& c) const;
  /// What the supervisor ends with.
  const caf::error& reason() const { return at_.reason; }
  /// When all that still run are killed.
  time_point deadline() const { return deadline_; }
  /// When all are down or abandoned.
  time_point end() const { return end_; }

  // -- what happens -----------------------------------------------------------

  void resume() { at_.paused = false; }
  void on_down(child& c);
  /// The start of `c` is over, one way or the other.
  void start_is_over(const child& c);
  /// @returns whether all members are down.
  bool stop_members(time_point now, work_slice& work);
  /// @returns false when it has to wait.
  bool start_members(time_point now, work_slice& work);
  /// The deadline is over.
  void kill_members(time_point now);

private:
  struct progress {
    activity what = activity::none;
    bool parallel = false;
    bool paused = false;       ///< Its slice is spent.
    std::size_t added = 0;     ///< Specs of a boot that are children by now.
    std::uint64_t first = 0;   ///< Children are stopped from the last one ...
    std::uint64_t above = 0;   ///< ... down to `first`: done down to here.
    std::size_t alive = 0;     ///< Members that are not down yet.
    std::uint64_t current = 0; ///< The child it waits for; 0: none.
    std::uint64_t cursor = 0;  ///< Started up to here.
    caf::error reason;
  };

  void begin(activity what, bool parallel, std::uint64_t first);
  bool enlist(child& c);
  bool pause();
  bool add_children(work_slice& work);

  const supervisor_options& options_;
  books& books_;
  slices& slices_;
  steps& steps_;
  progress at_;
  child_specs specs_;
  bool booted_ = false; ///< It knows what to start.
  time_point deadline_ = no_time;
  time_point end_ = no_time;
};

} // namespace hololoom::supervision
