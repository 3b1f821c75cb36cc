#pragma once

#include <hololoom/actors/supervision/records/ledger.hpp>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace hololoom {

/// What became of a child that a cascade claimed.
struct child_fate {
  ended how = ended::no_turn;
  /// Whether it was killed, or is left.
  bool forced = true;
  /// What it was doing before, or its probe does not return.
  maybe<std::string> doing;
  /// The error of one that crashed.
  maybe<std::string> reason = {};
};

/// A child that is killed and watched until it is down. Seen to by one thread
/// at a time, which writes `doing` before `what`.
struct forced_child {
  enum class stage : std::uint8_t {
    unknown, ///< Its probe has not been asked.
    ended,   ///< It had ended before.
    excused, ///< It waits for the drain itself.
    killed,
    down, ///< It was killed, and is down.
  };

  explicit forced_child(living_child x) : who(std::move(x)) {}

  bool open() const { return what == stage::unknown || what == stage::killed; }

  /// Kills it, or looks whether it is down. Calls its probe.
  /// @returns whether it has come to another stage
  bool look();

  void kill() const;

  /// What became of it; nothing for one that waits for the drain, or whose end
  /// others report.
  /// @param probes_hang whether other children's probes do not return
  std::optional<child_fate> fate(bool probes_hang) const;

  const living_child who;
  maybe<std::string> doing;
  std::atomic<stage> what = stage::unknown;
  std::atomic<bool> hung = false; ///< Was killed without its probe.
  /// Its actor is down, and what its probe speaks for goes on.
  std::atomic<bool> outlived = false;
  bool queued = false; ///< Waits for a thread, or has one.

private:
  child_fate left(maybe<std::string> at) const;
};

} // namespace hololoom
