#pragma once

#include <hololoom/actors/supervision/core/core.hpp>
#include <hololoom/actors/supervision/directory.hpp>
#include <hololoom/actors/supervision/shell/stuck_watch.hpp>
#include <hololoom/actors/supervision/supervisor.hpp>
#include <hololoom/messages/caf/local_message.hpp>

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <memory>
#include <optional>
#include <unordered_map>
#include <variant>

/// The room of the supervisor's actor: a thin shell around `core` that turns
/// messages into calls and decisions into messages. It owns the board, the
/// tickets of requests, the timers, and all that touches CAF's scheduler. It
/// knows core/ and the top of supervision/; only supervisor.cpp spawns it.

namespace hololoom::supervision {

struct tick_message {
  std::uint64_t epoch = 0;
};
struct sweep_message {};
struct proceed_message {};
struct boot_message {};

} // namespace hololoom::supervision

HOLOLOOM_LOCAL_MESSAGE(1523, hololoom::supervision::tick_message)
HOLOLOOM_LOCAL_MESSAGE(1524, hololoom::supervision::sweep_message)
HOLOLOOM_LOCAL_MESSAGE(1525, hololoom::supervision::proceed_message)
HOLOLOOM_LOCAL_MESSAGE(1526, hololoom::supervision::boot_message)

namespace hololoom::supervision {

using supervisor_impl = supervisor_actor::extend<
  answers<void, tick_message>, answers<void, sweep_message>,
  answers<void, proceed_message>, answers<void, boot_message>>;

/// What a supervisor is spawned with.
struct supervisor_setup {
  supervisor_options options;
  std::string path;
  child_specs children;
  /// With a parent: whom to tell that it is ready.
  std::optional<start_context> parent;
  /// Without one: the place of a root in its directory, taken.
  std::shared_ptr<const void> claim;
};

/// Owned by its parent, or by the code that spawned it. Monitors its children,
/// never links. An EXIT stops the children, then it ends by shutdown, even if
/// it has lost its last reference meanwhile; a kill kills its children, too.
/// Never blocks.
class supervisor_state final : public core_host, public stuck_host {
public:
  static constexpr const char* name = "supervisor";

  supervisor_state(supervisor_impl::base* self, supervisor_setup setup);
  ~supervisor_state() override;
  supervisor_state(const supervisor_state&) = delete;
  supervisor_state& operator=(const supervisor_state&) = delete;

  supervisor_impl::behavior_type make_behavior();

private:
  template <class T>
  using promise = caf::typed_response_promise<T>;
  using pending = std::variant<promise<child_started>, promise<acknowledged>,
                               promise<drained>>;

  // -- what the core wants ----------------------------------------------------

  start_result start(child& c, std::int64_t incarnation) override;
  void adopt(child& c) override;
  void release(child& c) override;
  void moved(child& from, child& to) override;
  void ask(child& c) override;
  void kill(child& c) override;
  void stop_below(child& c, time_point end) override;
  void drain_below(child& c, time_point deadline) override;
  void report(const child& c, transition what,
              std::string_view reason) override;
  void ended(const child& c, hololoom::ended how, const std::string& reason,
             time_point now) override;
  void abandoned(const child& c) override;
  void answer_started(ticket t, const child& c) override;
  void answer_done(ticket t) override;
  void answer_error(ticket t, caf::error reason) override;
  void answer_drain(ticket t, drained reply) override;
  void proceed_later() override;
  bool too_long(time_point since) const override;
  void finished(caf::error reason) override;

  // -- what the watch found ---------------------------------------------------

  void became_stuck(child& c, std::string_view doing) override;
  void recovered(child& c) override;
  void ping(child& c) override;

  // -- handlers ---------------------------------------------------------------

  /// Keeps the request that is handled now until the core answers `f(ticket)`.
  template <class T, class F>
  caf::result<T> later(F f);
  void down(const caf::down_msg& msg);
  void begin_stop(time_point end);
  void tick(std::uint64_t epoch);
  void sweep();
  child_list list() const;
  const child* known(const std::string& id) const;
  caf::error unknown(const std::string& id) const;
  void subscribe(const subscribe_events& request);
  void proceed();

  time_point now() const;
  /// Has the clock call when the core wants it.
  void arm();
  void arm_sweep();
  std::string path_of(const child& c) const;
  template <class T>
  void deliver(ticket t, T value);

  using address_map =
    std::unordered_map<const caf::actor_control_block*, child*>;

  /// The ticket by which it learns that its own start is over.
  static constexpr ticket own_start = 1;

  supervisor_impl::base* self_;
  /// A reference to itself while it stops its children.
  caf::strong_actor_ptr stopping_self_;
  supervisor_setup setup_;
  std::shared_ptr<board> board_;
  core core_;
  stuck_watch watch_;
  address_map by_address_;
  std::unordered_map<ticket, pending> pending_;
  ticket last_ticket_ = own_start;
  std::uint64_t epoch_ = 0;
  time_point armed_ = no_time;
  bool sweeping_ = false;
  bool done_ = false;
  bool outlived_ = false; ///< By very many of its children.
};

} // namespace hololoom::supervision
