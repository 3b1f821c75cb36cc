#pragma once

#include <hololoom/actors/supervision/core/board.hpp>
#include <hololoom/actors/supervision/protocol.hpp>

#include <memory>
#include <string_view>
#include <vector>

namespace hololoom::supervision {

/// How a child ended, as far as its supervisor cares.
enum class exit_class : std::uint8_t { normal, shutdown, killed, abnormal };

/// Shared, because a supervisor that is restarted begins with them again.
using child_specs = std::shared_ptr<const std::vector<child_spec_ptr>>;

/// Carries out what the core decides. It is the only way out of the core.
class core_host {
public:
  virtual ~core_host() = default;

  /// Runs the child's factory for the given incarnation.
  virtual start_result start(child& c, std::int64_t incarnation) = 0;
  /// `c` has its handle: watch it.
  virtual void adopt(child& c) = 0;
  /// `c` is about to lose its handle: forget it.
  virtual void release(child& c) = 0;
  /// The actor of `from` belongs to `to` now.
  virtual void moved(child& from, child& to) = 0;
  /// Asks `c` to end.
  virtual void ask(child& c) = 0;
  virtual void kill(child& c) = 0;
  /// Asks a supervisor below to stop so that it has ended by `end`.
  virtual void stop_below(child& c, time_point end) = 0;
  /// Tells a supervisor below to drain until `deadline`, and to end when all
  /// its children are down.
  virtual void drain_below(child& c, time_point deadline) = 0;
  virtual void report(const child& c, transition what,
                      std::string_view reason) = 0;
  /// A child has ended while the supervisor stops.
  virtual void ended(const child& c, hololoom::ended how,
                     const std::string& reason, time_point now) = 0;
  /// `c` is about to lose its handle, though its actor has not ended.
  virtual void abandoned(const child& c) = 0;
  virtual void answer_started(ticket t, const child& c) = 0;
  virtual void answer_done(ticket t) = 0;
  virtual void answer_error(ticket t, caf::error reason) = 0;
  virtual void answer_drain(ticket t, drained reply) = 0;
  /// Calls `core::proceed` after the messages that are in the mailbox already.
  virtual void proceed_later() = 0;
  /// Whether work that began at `since` has gone on for so long that requests
  /// in the mailbox must have their turn.
  virtual bool too_long(time_point since) const = 0;
  /// The supervisor is done. It calls no function of the core any more.
  virtual void finished(caf::error reason) = 0;
};

} // namespace hololoom::supervision
