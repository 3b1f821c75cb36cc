#include "supervision/core/core_fixture.hpp"
#include "supervision/schedules.hpp"

#include <hololoom/actors/supervision/core/core.hpp>

#include <algorithm>
#include <map>
#include <set>

// The core with a host that is all chance: actors are entries in a map, and
// each seed draws what happens to them, what is asked, in which order news
// arrives and how much time passes. After each step, what the core says must be
// true of what the host knows.

using namespace hololoom;
using namespace hololoom::test;
using sv::child;
using sv::exit_class;
using sv::ticket;

namespace {

class core_simulation : public sv::core_host {
public:
  core_simulation(caf::strong_actor_ptr handle, bool verbose)
    : handle_(std::move(handle)), verbose_(verbose) {}

  void play(std::uint64_t seed) {
    start_over(seed);
    core_->boot(random_specs(), now_);
    check();
    for (auto i = draw(60); i > 0 && !finished_; --i)
      step();
    end();
    check_end();
  }

  std::vector<std::string> problems;

private:
  enum class manners { obeys, ignores, lingers };

  /// What would be an actor: alive until its end, and known to the core by the
  /// child whose order is `child`, until that loses it.
  struct fake_actor {
    std::uint64_t child = 0;
    manners how = manners::obeys;
    bool nested = false;
    bool asked = false;
    bool killed = false;
    bool drains = false;
  };

  /// A thread that goes on for a while after its actor's kill.
  struct lingering : child_probe {
    std::optional<work_note> doing() const override { return std::nullopt; }
    bool can_be_killed() const override { return returned; }
    bool returned = false;
  };

  struct news {
    std::uint64_t actor;
    exit_class why;
  };

  // -- chance -----------------------------------------------------------------

  std::size_t draw(std::size_t n) { return random_.next() % n; }

  template <class T>
  T pick(std::initializer_list<T> xs) {
    return *(xs.begin() + draw(xs.size()));
  }

  void start_over(std::uint64_t seed) {
    random_ = sv::seeded_random{seed};
    problems.clear();
    actors_.clear();
    dead_.clear();
    heard_.clear();
    news_.clear();
    starting_.clear();
    waiting_.clear();
    given_up_.clear();
    lingering_.clear();
    known_.clear();
    proceed_due_ = finished_ = false;
    last_ticket_ = 0;
    options_ = {};
    options_.name = "root";
    options_.strategy =
      pick({strategy::one_for_one, strategy::one_for_all,
            strategy::rest_for_one, strategy::simple_one_for_one});
    options_.intensity = pick<std::int64_t>({0, 1, 3, 10});
    options_.period = pick<caf::timespan>({10ms, 1s, 5s});
    options_.auto_shutdown =
      pick({auto_shutdown::never, auto_shutdown::never,
            auto_shutdown::any_significant, auto_shutdown::all_significant});
    options_.stop_order = pick({stop_order::reverse, stop_order::parallel});
    options_.stop_limit = pick<caf::timespan>({0s, 0s, 300ms});
    options_.seed = seed;
    core_.reset();
    board_ = std::make_unique<board>("root");
    core_ = std::make_unique<sv::core>(options_, *board_, *this);
  }

  bool simple() const {
    return options_.strategy == strategy::simple_one_for_one;
  }

  sv::child_specs random_specs() {
    auto specs = std::make_shared<std::vector<child_spec_ptr>>();
    for (auto i = simple() ? 1 : draw(6); i > 0; --i)
      specs->push_back(random_spec(std::string(1, char('a' + specs->size()))));
    return specs;
  }

  child_spec_ptr random_spec(std::string name) {
    child_spec s;
    s.name = std::move(name);
    s.start = [](const start_context&) {
      return start_result::ignore();
    };
    s.restart = pick({restart_type::permanent, restart_type::permanent,
                      restart_type::transient, restart_type::temporary});
    s.significant = options_.auto_shutdown != auto_shutdown::never
                 && s.restart != restart_type::permanent && draw(2) == 0;
    s.shutdown =
      pick({shutdown_policy::within(100ms), shutdown_policy::within(2s),
            shutdown_policy::brutal_kill()});
    if (!simple() && draw(6) == 0) {
      s.type = child_type::supervisor;
      s.shutdown = shutdown_policy::within(2s);
    }
    s.start_limit = 1s;
    s.apart = draw(4) == 0;
    if (draw(4) == 0)
      s.give_up_after = restart_rate{static_cast<std::int64_t>(draw(4)), 1s};
    if (draw(3) == 0)
      s.backoff = {10ms, 1s, 2, 0.3, 500ms};
    return std::make_shared<const child_spec>(std::move(s));
  }

  // -- what happens -----------------------------------------------------------

  void step() {
    if (core_->draining() && draw(2) == 0)
      answer_below();
    switch (draw(11)) {
      case 0:
      case 1: request(); break;
      case 2: end_one(); break;
      case 3:
      case 4: deliver_one(); break;
      case 5: say_ready(); break;
      case 6: obey_one(); break;
      case 7: proceed(); break;
      case 8: get_stuck(); break;
      default: let_pass(pick<caf::timespan>({1ms, 10ms, 50ms, 2s})); break;
    }
    check();
  }

  ticket ask_for(const char* what) {
    waiting_.emplace(++last_ticket_, what);
    if (verbose_)
      WARN(last_ticket_ << ": " << what);
    return last_ticket_;
  }

  void request() {
    auto name = std::string(1, char('a' + draw(6)));
    if (simple())
      name = "i" + std::to_string(1 + draw(4));
    switch (draw(10)) {
      case 0:
      case 1:
      case 2:
        return core_->start_child(
          ask_for("start_child"),
          draw(4) == 0 || simple() ? nullptr : random_spec(name), now_);
      case 3:
      case 4:
        return core_->terminate_child(ask_for("terminate_child"),
                                      {name, draw(3) == 0}, now_);
      case 5:
      case 6: return core_->restart_child(ask_for("restart_child"), name, now_);
      case 7: return core_->delete_child(ask_for("delete_child"), name, now_);
      case 8: return core_->await_running(ask_for("await_running"));
      default: return draw(8) == 0 ? request_end() : void();
    }
  }

  void request_end() {
    auto then_end = draw(2) == 0;
    switch (draw(4)) {
      case 0:
        return core_->stop(
          now_, pick<sv::time_point>({sv::no_time, now_, now_ + 300ms}));
      case 1: return kill_all();
      default: break;
    }
    drain_request r{{}, now_ + pick<caf::timespan>({0s, 50ms, 3s}), then_end};
    if (draw(3) == 0)
      r.names = {std::string(1, char('a' + draw(6)))};
    core_->drain(ask_for("drain"), std::move(r), now_);
  }

  void ends(std::uint64_t id, exit_class why) {
    if (id == 0)
      return;
    news_.push_back({id, why});
    dead_.insert(id);
    starting_.erase(id);
  }

  bool lives(std::uint64_t id) const { return !dead_.contains(id); }

  void end_one() {
    ends(pick_living([](const fake_actor& a) { return !a.killed; }),
         pick({exit_class::normal, exit_class::shutdown, exit_class::abnormal,
               exit_class::abnormal}));
  }

  template <class Suits>
  std::uint64_t pick_living(Suits suits) {
    std::vector<std::uint64_t> found;
    for (const auto& [id, a] : actors_)
      if (lives(id) && suits(a))
        found.push_back(id);
    return found.empty() ? 0 : found[draw(found.size())];
  }

  /// One that was asked or killed does what it was told.
  void obey_one() {
    auto id = pick_living([](const fake_actor& a) {
      return a.killed || ((a.asked || a.drains) && a.how == manners::obeys);
    });
    if (id != 0)
      ends(id, actors_[id].killed ? exit_class::killed : exit_class::shutdown);
    else if (!lingering_.empty())
      lingering_[draw(lingering_.size())]->returned = true;
  }

  /// The news of an end reaches the supervisor.
  void deliver_one() {
    if (news_.empty())
      return;
    auto i = news_.begin() + static_cast<std::ptrdiff_t>(draw(news_.size()));
    auto x = *i;
    news_.erase(i);
    auto c = child_of(x.actor);
    heard_.insert(x.actor);
    if (!finished_ && c)
      core_->down(*c, x.why, "drawn", now_);
  }

  child* child_of(std::uint64_t id) {
    auto i = actors_.find(id);
    if (i == actors_.end())
      return nullptr;
    auto k = known_.find(i->second.child);
    return k != known_.end() && k->second == id ? board_->find(k->first)
                                                : nullptr;
  }

  void say_ready() {
    if (starting_.empty() || finished_)
      return;
    auto i = starting_.begin();
    std::advance(i, draw(starting_.size()));
    auto [id, start_id] = *i;
    starting_.erase(i);
    if (auto c = child_of(id))
      core_->ready(
        c->name, start_id,
        draw(3) == 0 ? failure(errc::io_error, "drawn") : caf::error{}, now_);
  }

  void proceed() {
    if (std::exchange(proceed_due_, false) && !finished_)
      core_->proceed(now_);
  }

  void get_stuck() {
    auto c = child_of(
      pick_living([](const fake_actor& a) { return !a.killed && !a.nested; }));
    if (!c || finished_ || c->state != child_state::running || draw(4) != 0)
      return;
    board_->change(*c, [](child& x) { x.state = child_state::stuck; });
    core_->replace_stuck(*c, now_);
  }

  void answer_below() {
    auto id = pick_living([](const fake_actor& a) { return a.drains; });
    auto c = child_of(id);
    if (!c || finished_)
      return;
    core_->drained_below(*c, {draw(2) == 0}, now_);
    if (draw(2) == 0)
      ends(id, exit_class::shutdown);
  }

  /// As a cascade does: kills each child, and has those let go that stay.
  void kill_all() {
    for (auto& [id, a] : actors_)
      if (lives(id) && !a.nested)
        a.killed = true;
    if (finished_ || draw(2) == 0)
      return;
    std::vector<std::string> names;
    for (const auto& [order, c] : board_->children())
      if (c.alive() && draw(2) == 0)
        names.push_back(c.name);
    core_->abandon({names}, now_);
  }

  void let_pass(caf::timespan d) {
    auto end = now_ + d;
    while (!finished_) {
      auto due = core_->next_due(now_);
      if (due > end)
        break;
      now_ = std::max(now_, due);
      core_->tick(now_);
      check();
      if (draw(4) == 0)
        return;
    }
    now_ = end;
  }

  /// Brings the supervisor to its end: all that is under way happens.
  void end() {
    if (!finished_) {
      if (draw(2) == 0) {
        core_->stop(now_);
      } else {
        core_->drain(ask_for("drain"), {{}, now_ + 1s, true}, now_);
        if (!finished_ && draw(2) == 0)
          kill_all();
      }
    }
    for (auto i = 0; i < 400 && !finished_; ++i) {
      switch (draw(7)) {
        case 0: deliver_one(); break;
        case 1: proceed(); break;
        case 2: obey_one(); break;
        case 3: answer_below(); break;
        case 4: let_pass(100ms); break;
        default:
          if (draw(20) == 0)
            let_pass(5s);
      }
      check();
    }
    // A drain leaves children that ignore it to a cascade.
    kill_all();
    for (auto i = 0; i < 200 && !finished_; ++i) {
      if (i == 100)
        let_all_go();
      while (!news_.empty())
        deliver_one();
      proceed();
      let_pass(10s);
      check();
    }
  }

  void let_all_go() {
    std::vector<std::string> names;
    for (const auto& [order, c] : board_->children())
      if (c.alive())
        names.push_back(c.name);
    core_->abandon({names}, now_);
  }

  // -- what must be true ------------------------------------------------------

  void problem(const std::string& what) {
    if (problems.size() < 5)
      problems.push_back(what);
  }

  void check() {
    if (finished_)
      return;
    child_counts truth;
    truth.specs = simple() && core_->counts().specs == 1 ? 1 : 0;
    std::size_t alive = 0;
    for (const auto& [order, c] : board_->children()) {
      alive += c.alive() ? 1 : 0;
      if (c.alive() != known_.contains(order))
        problem("what the core says of " + c.name + " is not so");
      auto may_wait = c.state == child_state::starting
                   || c.state == child_state::stopping
                   || c.state == child_state::restarting;
      if (c.state == child_state::starting && !c.pending)
        problem(c.name + " is starting, and counts as active");
      if (c.due != sv::no_time && !may_wait)
        problem(c.name + " has a limit and nothing to end by it");
      if (c.zombie)
        continue;
      truth.specs += simple() ? 0 : 1;
      truth.active += c.alive() && !c.pending ? 1 : 0;
      (c.spec->type == child_type::supervisor ? truth.supervisors
                                              : truth.workers)++;
    }
    if (!(truth == core_->counts()))
      problem("the counts are wrong");
    if (alive != known_.size() || board_->count_living(alive + 1) != alive)
      problem("the number of living children is wrong");
  }

  void check_end() {
    if (!finished_)
      return problem("the supervisor did not end");
    for (const auto& [t, what] : waiting_)
      problem("nothing answered " + what + " " + std::to_string(t));
    if (!known_.empty())
      problem("a child is left alive");
    if (core_->next_due(now_) != sv::no_time)
      problem("a limit is left");
  }

  void answered(ticket t, const char* how) {
    if (verbose_)
      WARN(t << " " << how);
    if (waiting_.erase(t) == 0 && given_up_.erase(t) == 0)
      problem("ticket " + std::to_string(t) + " was answered twice");
  }

  // -- the host ---------------------------------------------------------------

  start_result start(child& c, std::int64_t) override {
    if (core_->stopping())
      problem(c.name + " was started while the supervisor stops");
    if (known_.contains(c.order))
      problem(c.name + " was started beside a living one");
    auto outcome = draw(10);
    if (outcome == 0)
      return start_result::failure(failure(errc::io_error, "drawn"));
    if (outcome == 1)
      return start_result::ignore();
    fake_actor a;
    a.child = c.order;
    a.nested = c.spec->type == child_type::supervisor;
    a.how = pick(
      {manners::obeys, manners::obeys, manners::ignores, manners::lingers});
    auto id = ++last_actor_;
    start_result r{outcome > 3 ? start_result::outcome::started
                               : start_result::outcome::pending,
                   handle_,
                   {},
                   {}};
    r.nested = a.nested;
    if (a.how == manners::lingers && !a.nested) {
      lingering_.push_back(std::make_shared<lingering>());
      r.probe = lingering_.back();
    }
    if (r.how == start_result::outcome::pending)
      starting_.emplace(id, c.start_id);
    actors_.emplace(id, a);
    return r;
  }

  void adopt(child& c) override { known_[c.order] = last_actor_; }

  void release(child& c) override { known_.erase(c.order); }

  void moved(child& from, child& to) override {
    auto id = known_.extract(from.order).mapped();
    actors_[id].child = to.order;
    known_[to.order] = id;
  }

  fake_actor& actor_of(const child& c) {
    auto i = known_.find(c.order);
    if (i != known_.end())
      return actors_[i->second];
    problem(c.name + " has no actor");
    return nobody_;
  }

  void ask(child& c) override {
    auto& a = actor_of(c);
    // A stop asks those that a drain asked once more, now with a limit.
    if (a.asked && !core_->draining())
      problem(c.name + " was asked to end twice");
    a.asked = true;
    if (core_->draining() || !core_->stopping() || simple()
        || options_.stop_order == stop_order::parallel
        || c.state != child_state::stopping)
      return;
    for (auto i = known_.upper_bound(c.order); i != known_.end(); ++i)
      problem(c.name + " was asked to end before those started after it");
  }

  void kill(child& c) override { actor_of(c).killed = true; }

  void stop_below(child& c, sv::time_point end) override {
    auto& a = actor_of(c);
    if (!a.nested)
      problem(c.name + " is no supervisor");
    if (end == sv::no_time)
      problem(c.name + " has no limit to stop by");
    a.asked = true;
  }

  void drain_below(child& c, sv::time_point) override {
    auto& a = actor_of(c);
    if (!a.nested)
      problem(c.name + " is no supervisor");
    a.drains = true;
  }

  void ended(const child& c, hololoom::ended, const std::string&,
             sv::time_point) override {
    if (!core_->stopping())
      problem(c.name + " has ended, and the ledger is of a stop");
  }

  void abandoned(const child& c) override {
    if (!c.alive())
      problem(c.name + " was abandoned without an actor");
  }

  void report(const child& c, transition what,
              std::string_view reason) override {
    if (verbose_)
      WARN(c.name << " " << name_of(what) << " " << reason);
    if (auto i = known_.find(c.order);
        what == transition::abandoned && i != known_.end()
        && heard_.contains(i->second) && !c.probe)
      problem(c.name + " was abandoned although its end was known");
  }

  void answer_started(ticket t, const child&) override {
    answered(t, "started");
  }
  void answer_done(ticket t) override { answered(t, "done"); }
  void answer_error(ticket t, caf::error e) override {
    answered(t, explain(e).c_str());
  }
  void answer_drain(ticket t, drained) override { answered(t, "drained"); }

  void proceed_later() override { proceed_due_ = true; }

  bool too_long(sv::time_point) const override {
    return random_.next() % 4 == 0;
  }

  void finished(caf::error reason) override {
    if (std::exchange(finished_, true))
      problem("the supervisor finished twice");
    // As the actor does, answers starts that waited for their group's restart,
    // and all that wait for a boot that failed; a later answer is dropped.
    for (const auto& [t, what] : waiting_)
      if (what == "start_child" || what == "restart_child"
          || code_of(reason) == errc::start_failed)
        given_up_.insert(t);
    std::erase_if(
      waiting_, [this](const auto& x) { return given_up_.contains(x.first); });
  }

  caf::strong_actor_ptr handle_;
  bool verbose_;
  mutable sv::seeded_random random_{0};
  supervisor_options options_;
  std::unique_ptr<board> board_;
  std::unique_ptr<sv::core> core_;
  sv::time_point now_{1h};
  std::map<std::uint64_t, fake_actor> actors_;
  fake_actor nobody_;
  std::set<std::uint64_t> dead_;
  std::set<std::uint64_t> heard_; ///< Dead, as the core was told.
  std::uint64_t last_actor_ = 0;
  /// The actor that the core takes each child to have, by the child's order.
  std::map<std::uint64_t, std::uint64_t> known_;
  std::map<std::uint64_t, std::uint64_t> starting_; ///< Actor, attempt.
  std::vector<std::shared_ptr<lingering>> lingering_;
  std::vector<news> news_;
  std::map<ticket, std::string> waiting_;
  std::set<ticket> given_up_; ///< Answered at the end, by the host.
  ticket last_ticket_ = 0;
  bool proceed_due_ = false;
  bool finished_ = false;
};

} // namespace

TEST_CASE_METHOD(core_fixture, "random schedules of the core keep its promises",
                 "[simulation][core]") {
  play_schedules(20000, [this](bool verbose) {
    return std::make_unique<core_simulation>(handle, verbose);
  });
}
