#include <hololoom/actors/supervision/cascade.hpp>
#include <hololoom/actors/supervision/cascade/forced_end.hpp>
#include <hololoom/actors/supervision/cascade/hooks.hpp>
#include <hololoom/actors/supervision/cascade/report.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace hololoom {

namespace {

/// The time of phase `epoch` is up.
struct phase_limit {
  std::uint64_t epoch = 0;
};

} // namespace

} // namespace hololoom

HOLOLOOM_LOCAL_MESSAGE(1500, hololoom::phase_limit)

namespace hololoom {

namespace {

using clock_type = caf::actor_clock::clock_type;

/// How long the supervisors may take to see that their children are down, and
/// how long at least.
constexpr auto tree_wait = std::chrono::milliseconds{100};
constexpr auto least_tree_wait = std::chrono::milliseconds{10};

/// The part of the force in which children are killed. The rest is for the
/// tree.
constexpr auto kill_share = 0.9;

/// Runs the five phases. Owned by the code that spawned it. Asks the root
/// supervisor and the buffer, which may be gone or stuck at any moment: every
/// request has an error branch, and every wait a limit of its own. Never
/// blocks.
class cascade {
public:
  static constexpr const char* name = "cascade";

  cascade(caf::event_based_actor* self, cascade_plan plan, bool own_thread)
    : self_(self),
      plan_(std::move(plan)),
      hooks_(self),
      forced_(self, plan_.names, ticks(plan_.limits.kill_wait),
              ticks(plan_.limits.force * kill_share), own_thread) {}

  caf::behavior make_behavior() {
    self_->set_down_handler([this](const caf::down_msg& x) { is_down(x); });
    return {
      [this](begin_cascade& x) { return join(x); },
      [this](const hurry_cascade&) { hurry(); },
      [this](const phase_limit& x) { limit_reached(x.epoch); },
      [this](const hook_ended& x) {
        hooks_.ended(x);
        leave_if_done();
      },
      [this](const hook_limit& x) {
        hooks_.limit_reached(x);
        leave_if_done();
      },
      [this](const flush_progress&) { progress(); },
      [this](forced_end_tick) { forced_.tick(); },
    };
  }

private:
  // -- the way through the phases -----------------------------------------------

  caf::result<shutdown_report> join(begin_cascade& x) {
    if (complete_)
      return report_;
    auto promise = self_->make_response_promise<shutdown_report>();
    waiting_.push_back(promise);
    if (!began_) {
      began_ = self_->clock().now();
      report_.reason = std::move(x.reason);
      report_.requested_by = std::move(x.requested_by);
      report_.started_at = now();
      if (plan_.hooks)
        hooks_.take(plan_.hooks());
      enter(cascade_phase::refuse);
    }
    return promise;
  }

  void enter(cascade_phase phase) {
    phase_ = phase;
    ++epoch_;
    entered_ = self_->clock().now();
    work_done_ = false;
    problem_ = nothing;
    if (plan_.on_phase)
      plan_.on_phase(phase);
    hooks_.start(phase);
    switch (phase) {
      case cascade_phase::refuse: refuse(); break;
      case cascade_phase::signal: signal(); break;
      case cascade_phase::flush: flush(); break;
      case cascade_phase::force: force(); break;
      case cascade_phase::stores: close_stores(); break;
    }
  }

  /// The phase's own work is over, well or with a problem.
  void done(maybe<std::string> problem = nothing) {
    if (work_done_)
      return;
    work_done_ = true;
    problem_ = std::move(problem);
    leave_if_done();
  }

  void leave_if_done() {
    if (!work_done_ || complete_ || !hooks_.idle())
      return;
    report_.phases.push_back(
      {std::string{name_of(phase_)}, since(entered_), problem_});
    hooks_.report(report_.phases);
    if (phase_ == cascade_phase::stores)
      finish();
    else
      enter(static_cast<cascade_phase>(static_cast<int>(phase_) + 1));
  }

  void limit_reached(std::uint64_t epoch) {
    if (epoch != epoch_ || work_done_)
      return;
    if (self_->clock().now() < due_) {
      if (self_->clock().now() >= reminder_)
        ask_directly();
      return wait();
    }
    switch (phase_) {
      case cascade_phase::refuse: return;
      case cascade_phase::signal: return cut();
      case cascade_phase::flush: return check_flush();
      case cascade_phase::force: return let_supervisors_go();
      case cascade_phase::stores: return store_timed_out();
    }
  }

  // -- phase 1 and 2 --------------------------------------------------------------

  void refuse() {
    if (plan_.refuse)
      plan_.refuse(self_);
    done();
  }

  void signal() {
    plan_.names->ledger().keep_ends();
    signaled_ = entered_;
    auto grace = hurried_ ? least_grace() : plan_.limits.grace;
    reminder_ = entered_ + ticks(grace) / 4;
    arm(grace);
    drain_producers(entered_ + ticks(grace));
  }

  void drain_producers(clock_type::time_point deadline) {
    self_
      ->request<caf::message_priority::high>(
        plan_.root, caf::infinite,
        drain_request{plan_.producers, deadline, false})
      .then([this](const drained& x) { producers_down(x); },
            [this](const caf::error&) { root_is_gone(); });
  }

  void producers_down(const drained& x) {
    tree_is_down_ = true;
    excused_ = excused_ || x.excused;
    if (phase_ == cascade_phase::signal)
      cut();
    else if (phase_ == cascade_phase::force)
      waits_for_tree_ ? done() : forced_.look();
  }

  void root_is_gone() {
    tree_is_down_ = true;
    root_hears_ = false;
    // A force that is under way goes on: its children may outlive the root.
    if (phase_ == cascade_phase::signal
        || (phase_ == cascade_phase::force && waits_for_tree_))
      done("the root supervisor was gone");
  }

  /// A supervisor that has not begun to stop its children may be stuck: they
  /// are asked without it.
  void ask_directly() {
    reminder_ = clock_type::time_point::max();
    if (tree_is_down_ || phase_ != cascade_phase::signal)
      return;
    for (auto& x : plan_.names->unasked(plan_.path)) {
      if (is_store(x.path))
        continue;
      if (x.nested) {
        caf::anon_send<caf::message_priority::high>(
          caf::actor_cast<caf::actor>(x.handle), drain_request{{}, due_, true});
      } else {
        watch(x);
        exit_high(x.handle, caf::make_error(caf::exit_reason::user_shutdown));
      }
    }
  }

  void hurry() {
    hurried_ = true;
    if (!began_ || phase_ != cascade_phase::signal || work_done_)
      return;
    auto end = std::max(self_->clock().now(), entered_ + ticks(least_grace()));
    drain_producers(end);
    ask_directly();
    if (end == self_->clock().now())
      cut();
    else
      arm(end - self_->clock().now());
  }

  /// What a hurried cascade leaves those that it has just told to end: a turn,
  /// without which healthy children would be killed as if they were stuck.
  millis least_grace() const {
    return std::min(plan_.limits.grace, millis{100});
  }

  /// The grace is over: requests that still wait for a weave fail.
  void cut() {
    if (std::exchange(cut_, true))
      return;
    if (!plan_.cut)
      return done();
    plan_.cut(self_, [this, epoch = epoch_](weave_tally tally) {
      report_.weaves = tally;
      if (epoch == epoch_)
        done();
    });
  }

  // -- phase 3 ----------------------------------------------------------------------

  void flush() {
    if (!plan_.buffer)
      return done();
    auto buffer = plan_.buffer();
    if (!buffer)
      return flush_failed("the buffer does not run; what it acknowledged "
                          "before is on disk");
    moved_ = entered_;
    arm(plan_.limits.flush_stall);
    self_->request(buffer, caf::infinite, flush_request{true})
      .then(
        [this, epoch = epoch_](const flush_ack& x) {
          if (epoch != epoch_ || work_done_)
            return;
          report_.flush.acknowledged = true;
          report_.flush.episodes = x.episodes;
          report_.flush.at = since(*began_);
          report_.flush.took = since(entered_);
          done();
        },
        [this, epoch = epoch_](const caf::error& err) {
          if (epoch == epoch_ && !work_done_)
            flush_failed(is(err, errc::crashed) || code_of(err) == errc::crashed
                           ? "the buffer went down during the flush"
                           : explain(err));
        });
  }

  /// The buffer says so only when something reached the disk: while one large
  /// commit is written its numbers stay, and it moves all the same.
  void progress() {
    if (phase_ == cascade_phase::flush)
      moved_ = self_->clock().now();
  }

  void check_flush() {
    auto still = since(moved_);
    if (still < plan_.limits.flush_stall)
      return arm(plan_.limits.flush_stall - still);
    flush_failed("the flush stood still for "
                 + std::to_string(static_cast<std::int64_t>(still.count()))
                 + " ms and was given up; what was acknowledged is on disk");
  }

  void flush_failed(std::string why) {
    report_.flush.took = since(entered_);
    report_.flush.error = why;
    done(std::move(why));
  }

  // -- phase 4 ----------------------------------------------------------------------

  void force() {
    // Some that were abandoned before may be there, or may end now.
    force_children(plan_.names->claim(plan_.path, plan_.stores,
                                      plan_.names->ledger().abandoned()),
                   signaled_, [this] { await_tree(); });
  }

  /// Kills `children`, and calls `then` when all of them are down or abandoned.
  void force_children(living_walk children, clock_type::time_point asked_at,
                      const std::function<void()>& then) {
    auto before = forced_.forced();
    forced_.kill(std::move(children), asked_at,
                 [this, before, then, at = since(*began_)] {
                   if (forced_.forced() > before && !report_.first_force_at)
                     report_.first_force_at = at;
                   then();
                 });
  }

  /// Supervisors end when they see that their children are down.
  void await_tree() {
    if (phase_ != cascade_phase::force || work_done_)
      return;
    if (tree_is_down_)
      return done();
    waits_for_tree_ = true;
    left_ = plan_.names->count(plan_.path);
    arm(tree_step());
  }

  /// Those that do not see it are stuck, the lowest first: one above them may
  /// only wait for them.
  void let_supervisors_go() {
    if (!waits_for_tree_)
      return;
    auto left = plan_.names->count(plan_.path);
    auto fewer = left < std::exchange(left_, left);
    auto step = tree_step();
    if (fewer && step > millis{least_tree_wait})
      return arm(step);
    auto supervisors = plan_.names->supervisors(plan_.path);
    std::erase_if(supervisors, [this](const living_child& x) {
      return let_go_.contains(x.path) || is_store(x.path);
    });
    auto stuck = lowest_of(supervisors);
    if (!stuck.empty()) {
      for (const auto& x : stuck)
        let_go_.insert(x.path);
      arm(step);
      return forced_.abandon(stuck);
    }
    root_is_stuck_ = true;
    root_hears_ = false;
    done("the root supervisor did not answer in time");
  }

  /// What is left of the force is shared by the levels of the tree.
  millis tree_step() const {
    std::set<std::ptrdiff_t> levels{0};
    for (const auto& x : plan_.names->supervisors(plan_.path))
      levels.insert(std::count(x.path.begin(), x.path.end(), '/'));
    auto left = plan_.limits.force - since(entered_);
    return std::clamp<millis>(left / levels.size(), least_tree_wait, tree_wait);
  }

  /// Those of `supervisors` that have none of the others below.
  static std::vector<living_child>
  lowest_of(const std::vector<living_child>& supervisors) {
    std::vector<living_child> result;
    for (const auto& x : supervisors) {
      auto below = [&](const living_child& y) {
        return y.path.starts_with(x.path + "/");
      };
      if (std::none_of(supervisors.begin(), supervisors.end(), below))
        result.push_back(x);
    }
    return result;
  }

  // -- phase 5 ----------------------------------------------------------------------

  void close_stores() {
    stores_ = plan_.stores;
    arm(plan_.limits.slack);
    auto buffer = plan_.buffer ? plan_.buffer() : reflection_actor{};
    if (!buffer)
      return close_next_store();
    self_->request(buffer, caf::infinite, reflection_status_query{})
      .then(
        [this, epoch = epoch_](const reflection_status& x) {
          report_.late_stores = x.late_stores;
          if (epoch == epoch_)
            close_next_store();
        },
        [this, epoch = epoch_](const caf::error&) {
          if (epoch == epoch_)
            close_next_store();
        });
  }

  void close_next_store() {
    // An answer that comes after its limit must not count twice.
    ++epoch_;
    store_ = {};
    if (stores_.empty())
      return end_root();
    auto store = stores_.back();
    auto path = plan_.path + "/" + store;
    stores_.pop_back();
    auto child = plan_.names->living_child_at(path);
    if (!child)
      return close_next_store();
    store_ = std::move(*child);
    store_asked_ = self_->clock().now();
    watch(store_);
    arm(plan_.limits.store_limit);
    if (root_hears_)
      caf::anon_send<caf::message_priority::high>(
        caf::actor_cast<caf::actor>(plan_.root),
        drain_request{{store}, due_, false});
    else
      exit_high(store_.handle,
                caf::make_error(caf::exit_reason::user_shutdown));
  }

  /// The time of a store is up, or that of the root.
  void store_timed_out() {
    if (ending_root_)
      return root_timed_out();
    if (store_.handle)
      force_store();
    else
      close_next_store();
  }

  /// What a store's probe speaks for, such as a thread, may go on without it.
  void force_store() {
    ++epoch_; // The store's own time does not count any more.
    force_children(living_walk{{}, {std::exchange(store_, {})}}, store_asked_,
                   [this] { close_next_store(); });
  }

  void end_root() {
    ending_root_ = true;
    self_->monitor(plan_.root);
    exit_high(plan_.root, caf::exit_reason::user_shutdown);
    // It ends when the child has that asked for the shutdown and waits for it.
    if (excused_)
      return done();
    if (root_is_stuck_)
      return root_timed_out();
    arm(plan_.limits.kill_wait);
  }

  void root_timed_out() {
    living_child root;
    root.path = plan_.path;
    root.kind = "supervisor";
    root.handle = caf::actor_cast<caf::strong_actor_ptr>(plan_.root);
    root.nested = true;
    forced_.abandon({root});
    exit_high(plan_.root, caf::exit_reason::kill);
    done("the root supervisor did not end in time");
  }

  // -- what ends --------------------------------------------------------------------

  /// Notes how `x` ends: its supervisor may not.
  void watch(const living_child& x) {
    self_->monitor(x.handle);
    watched_[x.handle.get()] = {x, self_->clock().now()};
  }

  void is_down(const caf::down_msg& msg) {
    auto address = caf::actor_cast<caf::actor_control_block*>(msg.source);
    if (ending_root_ && msg.source == plan_.root.address())
      return done();
    auto node = watched_.extract(address);
    if (node.empty())
      return;
    auto& [who, asked_at] = node.mapped();
    auto how = fate_of(msg.reason);
    if (how != ended::killed) { // The code that killed it reports it.
      seen_.add({who.path, who.kind, how, since(asked_at), false, nothing});
      forced_.is_known(who.handle);
    }
    if (store_.handle == who.handle)
      force_store();
  }

  // -- the report -------------------------------------------------------------------

  void finish() {
    complete_ = true;
    account_for_children(report_, forced_, seen_, plan_.names->ledger(),
                         since(signaled_));
    hooks_.list_abandoned(report_.abandoned);
    report_.total = since(*began_);
    if (!report_.abandoned.empty())
      report_.exit_code = 75;
    else if (report_.flush.error)
      report_.exit_code = 74;
    for (auto& promise : waiting_)
      promise.deliver(report_);
    waiting_.clear();
  }

  // -- helpers ----------------------------------------------------------------------

  bool is_store(const std::string& path) const {
    return std::any_of(plan_.stores.begin(), plan_.stores.end(),
                       [&](const std::string& x) {
                         auto store = plan_.path + "/" + x;
                         return path == store || path.starts_with(store + "/");
                       });
  }

  void arm(millis limit) {
    due_ = self_->clock().now() + ticks(limit);
    wait();
  }

  void wait() {
    auto left = std::min(due_, reminder_) - self_->clock().now();
    self_->delayed_send(
      self_, std::clamp<std::chrono::nanoseconds>(left, {}, longest_tick),
      phase_limit{epoch_});
  }

  static std::chrono::nanoseconds ticks(millis x) {
    return std::chrono::ceil<std::chrono::nanoseconds>(x);
  }

  millis since(clock_type::time_point t) const {
    return self_->clock().now() - t;
  }

  caf::event_based_actor* self_;
  cascade_plan plan_;
  hook_runner hooks_;
  forced_end forced_;

  shutdown_report report_;
  std::vector<caf::typed_response_promise<shutdown_report>> waiting_;
  std::optional<clock_type::time_point> began_;

  /// Tells late answers and timers of an earlier wait from those of this one.
  std::uint64_t epoch_ = 0;
  clock_type::time_point entered_;
  /// When the wait of this epoch is over.
  clock_type::time_point due_;
  maybe<std::string> problem_;

  clock_type::time_point signaled_;
  /// When it looks whether all producers have been asked.
  clock_type::time_point reminder_ = clock_type::time_point::max();
  clock_type::time_point moved_; ///< When the flush last did.
  /// Children that were asked without their supervisors, and since when.
  std::unordered_map<const caf::actor_control_block*,
                     std::pair<living_child, clock_type::time_point>>
    watched_;
  end_list seen_; ///< How they ended.

  std::size_t left_ = 0; ///< Children when the wait for the tree began.
  std::unordered_set<std::string> let_go_; ///< Supervisors that were abandoned.

  std::vector<std::string> stores_; ///< Not closed yet.
  living_child store_;              ///< Is being closed.
  clock_type::time_point store_asked_;

  cascade_phase phase_ = cascade_phase::refuse;
  bool complete_ = false;
  bool hurried_ = false;
  bool work_done_ = false;
  bool cut_ = false;
  bool tree_is_down_ = false; ///< The producers and their supervisors are.
  bool excused_ = false;      ///< But for children that wait for the cascade.
  bool waits_for_tree_ = false;
  bool root_is_stuck_ = false;
  bool root_hears_ = true;
  bool ending_root_ = false;
};

} // namespace

caf::actor spawn_cascade(caf::actor_system& system, cascade_plan plan,
                         bool own_thread) {
  return spawn_state_on<cascade, caf::actor>(own_thread, system,
                                             std::move(plan), own_thread);
}

} // namespace hololoom
