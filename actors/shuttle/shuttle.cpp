#include <hololoom/actors/shuttle/job_board.hpp>
#include <hololoom/actors/shuttle/shuttle.hpp>
#include <hololoom/actors/shuttle/weave/query_check.hpp>
#include <hololoom/actors/shuttle/weave/steps/steps.hpp>
#include <hololoom/actors/shuttle/weave/weave.hpp>
#include <hololoom/actors/shuttle/weaver_pool.hpp>
#include <hololoom/messages/caf/local_message.hpp>
#include <hololoom/messages/uuid.hpp>

#include <caf/actor_addr.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

// The shuttle never waits. It keeps a board of the admitted weaves and a
// response promise for each. However a weave ends (its weaver's answer or
// death, its deadline, a cut, the end of the shuttle), it leaves the board and
// is answered, once.
//
// Exit: drains, then quits. Down: only weavers are monitored.

namespace hololoom {

namespace {

/// Time to look for late weaves. Only the latest tick counts.
struct check_tick {
  std::uint64_t epoch = 0;
};

} // namespace

} // namespace hololoom

HOLOLOOM_LOCAL_MESSAGE(1807, hololoom::check_tick)

namespace hololoom {

namespace {

using namespace std::chrono_literals;

using wide_actor = local_shuttle_actor::extend<answers<void, check_tick>>;
using promise = caf::typed_response_promise<spacetime>;

/// A record that is not acknowledged by then counts as lost.
constexpr auto record_limit = 30s;
/// Delayed messages keep an actor in memory, so their delays are short.
constexpr auto longest_tick = 500ms;

class shuttle_state {
public:
  static constexpr const char* name = "shuttle";

  shuttle_state(wide_actor::base* self, shuttle_options options,
                shuttle_deps deps)
    : self_(self),
      options_(std::move(options)),
      deps_(std::move(deps)),
      board_(static_cast<std::size_t>(options_.max_under_way),
             static_cast<std::size_t>(options_.max_waiting),
             options_.stuck_margin),
      policy_(std::make_shared<const policy_snapshot>()) {
    if (!deps_.next_id)
      deps_.next_id = make_uuid;
  }

  /// Even if the shuttle is killed, every caller gets an answer.
  ~shuttle_state() { cut(); }

  shuttle_state(const shuttle_state&) = delete;
  shuttle_state& operator=(const shuttle_state&) = delete;

  wide_actor::behavior_type make_behavior() {
    self_->set_exit_handler([this](caf::exit_msg& x) { end(x.reason); });
    self_->set_down_handler(
      [this](caf::down_msg& x) { weaver_down(x.source); });
    subscribe();
    return {
      [this](weave_request& x) { return admit(x); },
      [this](shuttle_status_query) { return status(); },
      [this](begin_drain) { return drain(); },
      [this](cut_weaves) { return cut_and_end(); },
      [this](const weaver_ready& x) { weaver_came(x.weaver); },
      [this](weave_done& x) { done(x); },
      [this](const weaver_leaving& x) { weaver_leaves(x.weaver); },
      [this](policy_snapshot& x) { learn(std::move(x)); },
      [this](check_tick x) { check_late(x.epoch); },
    };
  }

private:
  // -- taking weaves ----------------------------------------------------------

  promise admit(weave_request& x) {
    auto answer = self_->make_response_promise<spacetime>();
    if (auto err = refusal(x)) {
      ++status_.refused;
      if (draining_)
        ++deps_.counts->refused;
      answer.deliver(std::move(err));
      return answer;
    }
    auto selected = select_card(x, *policy_, options_);
    history_.add(selected.choice.kind);
    auto admitted = self_->clock().now();
    weave_order order;
    order.id = deps_.next_id();
    order.request = std::move(x);
    order.policy = policy_;
    order.admitted = admitted;
    order.progress = std::make_shared<weave_progress>();
    auto due = admitted
             + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                 selected.deadline);
    promises_.emplace(board_.add(std::move(order), due), answer);
    hand_out();
    arm();
    return answer;
  }

  caf::error refusal(const weave_request& x) const {
    if (draining_)
      return failure(errc::shutting_down,
                     "the loom is shutting down and takes no more queries");
    if (auto err = check_query(x, options_))
      return err;
    if (!board_.has_room(pool_.idle()))
      return failure(errc::overloaded,
                     std::to_string(board_.waiting())
                       + " queries are waiting already; try again later");
    return {};
  }

  // -- weavers ----------------------------------------------------------------

  void weaver_came(const weaver_actor& weaver) {
    if (pool_.add(weaver))
      self_->monitor(weaver);
    hand_out();
  }

  /// A weaver asks to leave: it may at once if it is not needed.
  void weaver_leaves(const weaver_actor& weaver) {
    if (pool_.note_leaving(weaver.address()))
      dismiss_leaving();
    else
      self_->send(weaver, weaver_dismissed{});
  }

  /// Dismisses idle weavers that asked to leave, unless a drain needs them.
  void dismiss_leaving() {
    if (draining_ && !board_.empty())
      return;
    for (const auto& weaver : pool_.take_leaving())
      self_->send(weaver, weaver_dismissed{});
  }

  void weaver_down(const caf::actor_addr& who) {
    if (auto job = pool_.remove(who))
      refuse_answer(*job, failure(errc::crashed,
                                  "the weaver that wove this query crashed; "
                                  "ask again"));
    settle();
  }

  void hand_out() {
    while (auto weaver = pool_.find_idle()) {
      auto* next = board_.start_next();
      if (!next)
        return;
      pool_.assign(weaver, next->order.number);
      self_->send(weaver, next->order);
    }
  }

  // -- answering --------------------------------------------------------------

  void done(weave_done& x) {
    // A lost weaver that was replaced gets no more work.
    pool_.release(caf::actor_cast<caf::actor_addr>(self_->current_sender()),
                  x.number, !deps_.on_weaver_lost);
    answer(x.number, std::move(x.woven));
    settle();
  }

  /// Answers a weave with its spacetime, unless it was answered before.
  void answer(std::uint64_t number, spacetime woven) {
    auto p = take(number);
    if (!p)
      return;
    auto failed = woven.tool_used == "error";
    ++(failed ? status_.failed : status_.completed);
    if (draining_) {
      ++status_.drained;
      ++deps_.counts->drained;
    }
    // Before the answer, so that a caller that reflects on it finds it.
    record(woven);
    p->deliver(std::move(woven));
  }

  /// Answers a weave with an error, unless it was answered before.
  void refuse_answer(std::uint64_t number, caf::error why) {
    if (auto p = take(number)) {
      ++status_.failed;
      if (draining_)
        ++deps_.counts->cut;
      p->deliver(std::move(why));
    }
  }

  std::optional<promise> take(std::uint64_t number) {
    auto i = promises_.find(number);
    if (i == promises_.end())
      return std::nullopt;
    auto result = std::move(i->second);
    promises_.erase(i);
    board_.remove(number);
    return result;
  }

  void record(const spacetime& woven) {
    if (!options_.record || !deps_.reflection)
      return;
    self_->request(deps_.reflection, record_limit, record_request{woven})
      .then([](const record_ack&) {},
            [this](const caf::error& err) {
              ++status_.unrecorded;
              status_.problem = explain(err);
            });
  }

  // -- the learned policy -----------------------------------------------------

  void subscribe() {
    if (!deps_.reflection)
      return;
    // Until the answer comes, the cues alone decide. If the buffer exits, the
    // supervisor restarts it and, after it, the shuttle.
    self_->request(deps_.reflection, caf::infinite, policy_subscription{})
      .then([this](policy_snapshot& x) { learn(std::move(x)); },
            [this](const caf::error& err) { status_.problem = explain(err); });
  }

  void learn(policy_snapshot x) {
    if (x.version >= policy_->version)
      policy_ = std::make_shared<const policy_snapshot>(std::move(x));
  }

  // -- deadlines --------------------------------------------------------------

  void arm() {
    auto next = board_.next_check();
    if (!next || (armed_ && *armed_ <= *next))
      return;
    auto now = self_->clock().now();
    auto at = std::clamp(*next, now + 1ms, now + longest_tick);
    armed_ = at;
    self_->delayed_send(self_, at - now, check_tick{++epoch_});
  }

  void check_late(std::uint64_t epoch) {
    if (epoch != epoch_)
      return;
    armed_.reset();
    auto late = board_.find_late(self_->clock().now());
    for (auto number : late.to_stop)
      board_.find(number)->order.progress->stop.request_stop();
    for (auto number : late.unstarted)
      give_up(number, "no weaver was free before the deadline");
    for (auto number : late.stuck)
      lose_weaver_of(number);
    settle();
    arm();
  }

  void give_up(std::uint64_t number, const std::string& why) {
    auto* x = board_.find(number);
    if (!x)
      return;
    answer(number, error_spacetime(x->order.id, x->order.request,
                                   x->order.progress->stage,
                                   failure(errc::deadline_exceeded, why)));
  }

  void lose_weaver_of(std::uint64_t number) {
    auto* x = board_.find(number);
    if (!x)
      return;
    lost_weaver report;
    report.stage = x->order.progress->stage;
    report.age = self_->clock().now() - x->order.admitted;
    give_up(number, "the weaver did not return from "
                      + std::string{name_of(report.stage)}
                      + " before the deadline");
    report.weaver = pool_.lose(number);
    if (!report.weaver)
      return;
    ++status_.lost_weavers;
    if (deps_.on_weaver_lost)
      deps_.on_weaver_lost(report);
  }

  // -- ending -----------------------------------------------------------------

  shuttle_status drain() {
    draining_ = true;
    settle();
    return status();
  }

  void end(const caf::error& reason) {
    draining_ = true;
    ending_ =
      reason ? reason : caf::make_error(caf::exit_reason::user_shutdown);
    settle();
  }

  shuttle_status cut_and_end() {
    draining_ = true;
    cut();
    settle();
    return status();
  }

  void cut() {
    for (auto number : board_.all()) {
      board_.find(number)->order.progress->stop.request_stop();
      if (auto p = take(number)) {
        ++status_.cut;
        if (draining_)
          ++deps_.counts->cut;
        p->deliver(failure(errc::cancelled, "the loom shut down before this "
                                            "query was answered"));
      }
    }
  }

  /// Continues after a weave left the board: hands out, dismisses, exits.
  void settle() {
    hand_out();
    dismiss_leaving();
    if (ending_ && board_.empty())
      self_->quit(ending_);
  }

  shuttle_status status() const {
    auto result = status_;
    result.weavers = static_cast<std::int64_t>(pool_.size());
    result.under_way = static_cast<std::int64_t>(board_.under_way());
    result.waiting = static_cast<std::int64_t>(board_.waiting());
    result.cards = history_.distribution();
    return result;
  }

  wide_actor::base* self_;
  shuttle_options options_;
  shuttle_deps deps_;
  job_board board_;
  std::map<std::uint64_t, promise> promises_;
  weaver_pool pool_;
  policy_ptr policy_;
  card_history history_;
  shuttle_status status_;
  std::optional<std::chrono::steady_clock::time_point> armed_;
  std::uint64_t epoch_ = 0;
  bool draining_ = false;
  caf::error ending_;
};

} // namespace

local_shuttle_actor spawn_shuttle(caf::actor_system& system,
                                  shuttle_options options, shuttle_deps deps,
                                  bool own_thread) {
  return caf::actor_cast<local_shuttle_actor>(
    spawn_state_on<shuttle_state, wide_actor>(
      own_thread, system, std::move(options), std::move(deps)));
}

} // namespace hololoom
