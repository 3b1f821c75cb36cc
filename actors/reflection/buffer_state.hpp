#pragma once

#include <hololoom/actors/reflection/buffer.hpp>
#include <hololoom/actors/reflection/buffer_tasks.hpp>
#include <hololoom/actors/reflection/journal/journal_thread.hpp>
#include <hololoom/messages/caf/local_message.hpp>

#include <caf/actor_addr.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace hololoom {

// -- messages from the journal's thread to the buffer -------------------------

struct journal_opened {
  std::shared_ptr<journal_opening> what;
};

struct journal_finished {
  std::shared_ptr<journal_result> what;
};

struct journal_found {
  std::shared_ptr<journal_finding> what;
};

struct journal_closed {};

/// Makes the buffer check what is due.
struct buffer_tick {};

} // namespace hololoom

HOLOLOOM_LOCAL_MESSAGE(1750, hololoom::journal_opened)
HOLOLOOM_LOCAL_MESSAGE(1751, hololoom::journal_finished)
HOLOLOOM_LOCAL_MESSAGE(1752, hololoom::journal_closed)
HOLOLOOM_LOCAL_MESSAGE(1753, hololoom::buffer_tick)
HOLOLOOM_LOCAL_MESSAGE(1758, hololoom::journal_found)

namespace hololoom {

using buffer_actor = reflection_actor::extend<
  answers<store_copied, copy_store>, answers<void, journal_opened>,
  answers<void, journal_finished>, answers<void, journal_found>,
  answers<void, journal_closed>, answers<void, buffer_tick>>;

/// The reflection buffer.
///
/// Owned by the supervisor that had it spawned. It opens (requests wait, unless
/// the disk stands still, and its status says so),
/// serves, is sealed by the final flush (writes are refused and counted) and
/// closes. An exit message seals and closes it; whatever else it did is on disk
/// before it is down. Nothing it does waits for the disk: the journal's thread
/// does, and tells it.
class buffer_state {
public:
  static constexpr const char* name = "reflection";

  buffer_state(buffer_actor::pointer self, reflection_options options,
               reflection_surroundings around);
  buffer_state(const buffer_state&) = delete;
  buffer_state& operator=(const buffer_state&) = delete;

  /// Requests that still wait fail with `errc::crashed`.
  ~buffer_state();

  buffer_actor::behavior_type make_behavior();

private:
  template <class Ack>
  using promise = caf::typed_response_promise<Ack>;

  // -- the journal's thread
  void start();
  void on(const journal_opening& x);
  void on(const journal_result& x);
  void on(const journal_finding& x);
  void on_closed();

  // -- writing
  caf::error admit(bool store);
  void submit(std::shared_ptr<buffer_task> task);
  void go_on_with(std::shared_ptr<buffer_task> task);
  caf::result<reflect_ack> store(caf::expected<episode> made,
                                 bool reward_given);
  void learn(learn_request x, std::optional<promise<learned>> rp);
  caf::result<flush_ack> flush(flush_request x);
  void on_exit(const caf::error& reason);

  // -- what is due
  void tick();
  void report_progress();
  void watch_disk();
  void degrade(const caf::error& why);

  /// Answers the request under way with `answer(promise)` once the journal is
  /// open, and with an error when it fails to open or its disk stands still.
  template <class T, class F>
  caf::result<T> once_open(F answer) {
    auto rp = self_->make_response_promise<T>();
    if (opened_)
      answer(rp);
    else if (problem_)
      rp.deliver(problem_);
    else
      waiting_.push_back([rp, answer](const caf::error& why) mutable {
        why ? void(rp.deliver(why)) : answer(rp);
      });
    return rp;
  }

  /// Answers the requests that wait for the journal, with `why` if that is set.
  void answer_waiting(const caf::error& why);

  void publish();
  policy_snapshot policy() const;
  reflection_status status() const;

  buffer_actor::pointer self_;
  reflection_surroundings around_;
  buffer_memory memory_;
  std::unique_ptr<journal_thread> journal_;
  /// Tasks submitted to the journal's thread, in order.
  std::deque<std::shared_ptr<buffer_task>> in_flight_;
  std::int64_t queued_bytes_ = 0;
  bool opened_ = false;
  /// The requests that wait for the journal, in their order.
  std::vector<std::function<void(const caf::error&)>> waiting_;
  bool sealed_ = false;
  bool closing_ = false;
  caf::error exit_reason_;
  std::int64_t late_stores_ = 0;
  caf::error problem_;
  /// What is damaged in the journal, until it is repaired.
  caf::error damage_;
  std::vector<caf::actor_addr> subscribers_;
  /// Whether subscribers do not have the newest policy yet.
  bool unpublished_ = false;

  /// An asker that waits for a flush and gets progress reports.
  struct flush_asker {
    std::weak_ptr<flush_task> task;
    caf::actor_addr asker;
    std::int64_t stored_before = 0;
  };
  std::vector<flush_asker> flushes_;

  using time_point = caf::actor_clock::time_point;
  time_point started_at_;
  time_point responded_at_;
  std::uint64_t activity_ = 0;
  std::uint64_t reported_activity_ = 0;
  std::int64_t reported_stored_ = 0;
  time_point probed_at_;
  time_point summarised_at_;
  std::int64_t summarised_ = 0;
  time_point analysed_at_;
};

} // namespace hololoom
