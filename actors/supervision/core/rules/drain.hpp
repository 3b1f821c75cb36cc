#pragma once

#include <hololoom/actors/supervision/core/rules/plan.hpp>
#include <hololoom/actors/supervision/core/rules/stopping.hpp>

#include <deque>
#include <set>

namespace hololoom::supervision {

/// The rule for draining: children are asked to end, within one budget for all,
/// and each drain is answered when its children are down.
class drain {
public:
  drain(const supervisor_options& options, books& children, core_host& host,
        slices& turns, stopping& stop, const plan& current)
    : options_(options),
      books_(children),
      host_(host),
      slices_(turns),
      stopping_(stop),
      plan_(current) {}

  /// From now on nothing is started or restarted.
  void begin() { draining_ = true; }
  void request(ticket t, drain_request request);
  /// Asks those whose turn has come, and answers drains that are over.
  void advance(time_point now);
  void resume() { paused_ = false; }
  /// A child is down, or abandoned.
  void on_down(child& c);
  /// The supervisor below `c` has answered its own drain.
  static void answered_below(child& c, const drained& reply);
  /// The supervisor ends: answers all that still wait.
  void finish();

  bool draining() const noexcept { return draining_; }
  /// When `advance` is to be called.
  time_point due(time_point now) const;
  /// Whether all drains are answered and their children down.
  bool idle() const { return drains_.empty(); }
  bool children_alive() const { return alive_ > 0; }

private:
  struct op {
    ticket id = 0;
    std::set<std::string> names; ///< Empty: all but `except`.
    std::set<std::string> except;
    time_point deadline = no_time;
    bool covers(const child& c) const {
      const auto& name = c.zombie ? c.spec->name : c.name;
      return names.empty() ? !except.contains(name) : names.contains(name);
    }
  };

  void select(const op& x);
  void ask_in_turn(time_point now);
  void ask(child& c, time_point now);
  void answer();
  bool settled(const op& x, drained& reply) const;
  bool is_excused(const child& c) const;
  time_point deadline() const;

  const supervisor_options& options_;
  books& books_;
  core_host& host_;
  slices& slices_;
  stopping& stopping_;
  const plan& plan_;

  bool draining_ = false;
  bool paused_ = false; ///< Its slice is spent.
  std::vector<op> drains_;
  std::deque<std::uint64_t> queue_; ///< Children that are not asked yet.
  std::uint64_t current_ = 0;       ///< The child it waits for ...
  time_point patience_ = no_time;   ///< ... until then.
  std::size_t alive_ = 0;           ///< Children of a drain that are not down.
};

} // namespace hololoom::supervision
