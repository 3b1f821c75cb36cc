#include "schedules.hpp"
#include "support.hpp"

#include <hololoom/actors/supervision/cascade.hpp>
#include <hololoom/actors/supervision/core/restart_limit.hpp>

#include <algorithm>
#include <functional>
#include <set>

// The production supervisor on virtual time, with a seeded scheduler: the actor
// that runs next is drawn, so that each seed is another interleaving.

using namespace hololoom;
using namespace hololoom::test;

namespace {

std::string parent(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

class simulation : public supervision_fixture {
public:
  explicit simulation(bool verbose) {
    events->observe([this, verbose](const lifecycle_event& e) {
      // A kill that is not handled within `kill_wait`: that very incarnation is
      // abandoned, and the next may run beside it.
      if (e.what == transition::abandoned)
        books_->abandoned[e.path].insert(e.incarnation);
      if (e.what == transition::restarting)
        books_->restarting.insert(e.path);
      else if (e.what == transition::started)
        books_->restarting.erase(e.path);
      if (e.what == transition::restarting
          || (e.what == transition::started && e.incarnation > 1))
        books_->restarts.insert(parent(e.path));
      if (verbose)
        WARN(e.path << " " << name_of(e.what) << " " << e.incarnation << " "
                    << e.reason);
    });
  }

  void play(std::uint64_t seed) {
    random_ = supervision::seeded_random{seed};
    log = std::make_shared<record>();
    problems.clear();
    unanswered_.clear();
    wished_.clear();
    books_ = std::make_shared<books>();
    names = std::make_shared<directory>();
    auto options = random_options("root" + std::to_string(seed));
    auto sup = spawn_supervisor(system, options, random_children(options, 2));
    if (!sup) {
      problems.push_back(explain(sup.error()));
      return;
    }
    supervisor_ = *sup;
    path_ = options.name;
    ended_ = watch(supervisor_);
    for (auto i = draw(14); i > 0; --i) {
      act();
      wander(draw(3) == 0 ? 200 : draw(6));
      if (draw(20) == 0)
        settle();
    }
    if (draw(2) == 0)
      settle();
    finish();
    check();
    supervisor_ = supervisor_actor{};
  }

  strings problems;

private:
  std::size_t draw(std::size_t n) { return random_.next() % n; }

  template <class T>
  T pick(std::initializer_list<T> xs) {
    return *(xs.begin() + draw(xs.size()));
  }

  supervisor_options random_options(std::string name) {
    supervisor_options o;
    o.name = std::move(name);
    o.names = names;
    o.events = events;
    o.strategy = pick({strategy::one_for_one, strategy::one_for_all,
                       strategy::rest_for_one, strategy::simple_one_for_one});
    o.intensity = pick<std::int64_t>({0, 1, 3, 10});
    o.period = pick<caf::timespan>({10ms, 1s, 5s});
    o.auto_shutdown =
      pick({auto_shutdown::never, auto_shutdown::never,
            auto_shutdown::any_significant, auto_shutdown::all_significant});
    o.stop_order = pick({stop_order::reverse, stop_order::parallel});
    o.seed = random_.next();
    return o;
  }

  std::vector<child_spec> random_children(const supervisor_options& o,
                                          int depth) {
    std::vector<child_spec> result;
    auto count = o.strategy == strategy::simple_one_for_one ? 1 : draw(5);
    for (std::size_t i = 0; i < count; ++i)
      result.push_back(random_child(o, std::string(1, char('a' + i)), depth));
    return result;
  }

  child_spec random_child(const supervisor_options& o, std::string name,
                          int depth) {
    if (depth > 0 && o.strategy != strategy::simple_one_for_one
        && draw(6) == 0) {
      auto inner = random_options(std::move(name));
      return supervisor_child(inner, random_children(inner, depth - 1));
    }
    child_spec spec;
    spec.name = std::move(name);
    spec.restart = pick({restart_type::permanent, restart_type::permanent,
                         restart_type::transient, restart_type::temporary});
    spec.significant = o.auto_shutdown != auto_shutdown::never
                    && spec.restart != restart_type::permanent && draw(2) == 0;
    spec.shutdown =
      pick({shutdown_policy::within(100ms), shutdown_policy::within(2s),
            shutdown_policy::brutal_kill()});
    spec.start_limit = 1s;
    spec.apart = draw(4) == 0;
    if (draw(4) == 0)
      spec.give_up_after = restart_rate{static_cast<std::int64_t>(draw(4)), 1s};
    auto restarts =
      spec.give_up_after ? spec.give_up_after->times : o.intensity;
    if (draw(3) == 0 && restarts > 0)
      spec.backoff = {10ms, 1s, 2, 0.3, 500ms};
    auto how = pick({manners::obeys, manners::obeys, manners::ignores,
                     manners::normal, manners::crashes});
    spec.start = [this, how](const start_context& ctx) {
      return random_start(ctx, how);
    };
    return spec;
  }

  start_result random_start(const start_context& ctx, manners how) {
    auto outcome = draw(16);
    if (outcome == 0)
      return start_result::failure(failure(errc::io_error, "drawn"));
    if (outcome == 1)
      return start_result::ignore();
    auto hdl = spawn<child_state_machine, caf::actor>(how);
    ++log->running[ctx.path];
    if (!books_->only_abandoned(ctx.path) && !below_one_abandoned(ctx.path))
      problems.push_back(ctx.path + " was started beside a living one");
    books_->alive[ctx.path].insert(ctx.incarnation);
    hdl->attach_functor([log = log, books = books_, path = ctx.path,
                         n = ctx.incarnation](const caf::error& reason) {
      log->exits.push_back(path + ":" + reason_name(reason));
      --log->running[path];
      log->current.erase(path);
      take(books->alive[path], n);
      take(books->abandoned[path], n);
    });
    log->current[ctx.path] = hdl;
    if (outcome > 3)
      return start_result::started(hdl);
    wished_.emplace_back(ctx, outcome == 2);
    return start_result::pending(hdl);
  }

  using incarnations = std::multiset<std::int64_t>;

  /// The living incarnations, and those of them that were abandoned, by path.
  struct books {
    std::map<std::string, incarnations> alive;
    std::map<std::string, incarnations> abandoned;
    std::set<std::string> restarting;
    /// Supervisors that have restarted a child since the drain began, or were
    /// about to.
    std::set<std::string> restarts;

    /// Whether all that live there were abandoned.
    bool only_abandoned(const std::string& path) {
      const auto& living = alive[path];
      const auto& gone = abandoned[path];
      return std::includes(gone.begin(), gone.end(), living.begin(),
                           living.end());
    }
  };

  static void take(incarnations& from, std::int64_t n) {
    if (auto i = from.find(n); i != from.end())
      from.erase(i);
  }

  /// An abandoned supervisor keeps its children until its kill comes.
  bool below_one_abandoned(const std::string& path) const {
    for (auto i = path.find('/'); i != std::string::npos;
         i = path.find('/', i + 1))
      if (auto x = books_->abandoned.find(path.substr(0, i));
          x != books_->abandoned.end() && !x->second.empty())
        return true;
    return false;
  }

  /// Lets everything that is under way come to its end: all limits are far
  /// shorter. Then no request may be left waiting. Later the end of the
  /// supervisor would answer those that it forgot.
  void settle() {
    wander(100000);
    for (auto i = 0; i < 40 && ended_->empty(); ++i) {
      let_pass(500ms);
      wander(100000);
    }
    if (!ended_->empty())
      return;
    for (const auto& [number, what] : unanswered_)
      problems.push_back("nothing answered " + what
                         + " while there was nothing else to do");
  }

  /// Something that happens, or a request.
  void act() {
    auto name = std::string(1, char('a' + draw(6)));
    switch (draw(13)) {
      case 0:
      case 1:
      case 2: return crash_one();
      case 3:
      case 4: return keep_a_wish();
      case 5: return post<child_started>(random_start_request(name));
      case 6: return post<acknowledged>(terminate_child{name});
      case 7: return post<child_started>(restart_child{name});
      case 8: return post<acknowledged>(delete_child{name});
      case 9: return post<child_list>(which_children{});
      case 10: return post<child_counts>(count_children{});
      case 11: return post<acknowledged>(await_running{});
      default: return let_pass(pick<caf::timespan>({1ms, 50ms, 2s}));
    }
  }

  start_child random_start_request(const std::string& name) {
    if (draw(3) == 0)
      return {};
    supervisor_options plain;
    return {std::make_shared<const child_spec>(random_child(plain, name, 1))};
  }

  void crash_one() {
    if (log->current.empty())
      return;
    auto i = log->current.begin();
    std::advance(i, draw(log->current.size()));
    caf::anon_send(i->second, caf::put_atom{}, static_cast<int>(draw(3)));
  }

  void keep_a_wish() {
    if (wished_.empty())
      return;
    auto [ctx, good] = wished_.back();
    wished_.pop_back();
    if (good)
      ctx.ready();
    else
      ctx.failed(failure(errc::io_error, "drawn"));
  }

  template <class T, class Request>
  void post(Request request) {
    post<T>(std::move(request), [](const T&) {});
  }

  template <class T, class Request, class F>
  void post(Request request, F f) {
    post<T>(supervisor_, std::move(request), std::move(f));
  }

  template <class T, class Handle, class Request, class F>
  void post(Handle to, Request request, F f) {
    auto number = ++posted_;
    unanswered_.insert_or_assign(number, typeid(Request).name());
    system.spawn([this, number, request, f, to](caf::event_based_actor* self) {
      self->request(to, caf::infinite, request)
        .then(
          [this, number, f](const T& x) {
            unanswered_.erase(number);
            f(x);
          },
          [this, number](const caf::error&) { unanswered_.erase(number); });
    });
  }

  /// Lets `steps` handlers run, whichever are drawn.
  void wander(std::size_t steps) {
    auto& jobs = scheduler.jobs;
    while (steps-- > 0 && !jobs.empty()) {
      std::rotate(jobs.begin(),
                  jobs.begin() + static_cast<std::ptrdiff_t>(draw(jobs.size())),
                  jobs.end());
      scheduler.run_once();
    }
  }

  void let_pass(caf::timespan d) {
    auto& clock = scheduler.clock();
    auto end = clock.now() + d;
    while (fire_next_timer(scheduler, end))
      wander(draw(2) == 0 ? 1000 : draw(8));
    clock.advance_time(end - clock.now());
  }

  void finish() {
    if (draw(2) == 0) {
      wander(draw(2) == 0 ? 100000 : 0);
      exit_high(supervisor_, caf::exit_reason::user_shutdown);
    } else {
      close();
    }
    for (auto i = 0; i < 200 && ended_->empty(); ++i) {
      wander(100000);
      let_pass(500ms);
    }
    wander(100000);
    exit_high(cascade_, caf::exit_reason::user_shutdown);
    cascade_ = {};
    wander(100000);
  }

  /// A cascade over the whole tree; its report must be the truth.
  void close() {
    auto alive = std::make_shared<std::vector<std::string>>();
    wander(100000);
    for (const auto& [path, count] : log->running)
      if (count > 0)
        alive->push_back(path);
    // What the report must hold is known only when nothing happens between the
    // request and its receipt.
    auto at_once = draw(2) == 0;
    if (!at_once)
      alive->clear();
    auto was_gone = !ended_->empty();
    books_->restarts.clear();
    for (const auto& path : books_->restarting)
      books_->restarts.insert(parent(path));
    cascade_plan plan;
    plan.root = supervisor_;
    plan.names = names;
    plan.path = path_;
    plan.limits.grace = millis{1'000};
    cascade_ = spawn_cascade(system, std::move(plan), false);
    post<shutdown_report>(cascade_, begin_cascade{"drawn", "chance"},
                          [=, this](const shutdown_report& r) {
                            if (was_gone)
                              return;
                            check_abandoned(r);
                            for (const auto& path : *alive)
                              check_listed(path, r);
                          });
    if (at_once)
      wander(100000);
    let_pass(pick<caf::timespan>({1ms, 900ms, 2s}));
    if (draw(3) == 0)
      caf::anon_send(cascade_, hurry_cascade{});
  }

  static bool within(const std::string& path, const std::string& above) {
    return path.compare(0, above.size() + 1, above + "/") == 0;
  }

  /// A child that lives when the cascade is over is named as abandoned, or
  /// below a supervisor that is.
  void check_abandoned(const shutdown_report& r) {
    for (const auto& [path, living] : books_->alive) {
      if (living.empty())
        continue;
      const auto& name = path; // clang 14 captures no structured binding
      if (std::none_of(
            r.abandoned.begin(), r.abandoned.end(),
            [&](const std::string& x) { return x == name || within(name, x); }))
        problems.push_back(path + " lives, and the report does not say so");
    }
    auto forced = !r.abandoned.empty() || r.first_force_at;
    if ((r.exit_code == 75) != forced)
      problems.push_back("exit code " + std::to_string(r.exit_code) + " with "
                         + std::to_string(r.abandoned.size()) + " abandoned");
  }

  /// A child that lived when the cascade began is in the report once.
  void check_listed(const std::string& path, const shutdown_report& r) {
    auto hits =
      std::count_if(r.children.begin(), r.children.end(),
                    [&](const child_outcome& x) { return x.name == path; });
    // A supervisor may have stopped a group whose children did not all come
    // back.
    if (hits == 0 && books_->restarts.contains(parent(path)))
      return;
    if (hits != 1)
      problems.push_back(path + " is in the report " + std::to_string(hits)
                         + " times");
  }

  void check() {
    if (ended_->empty())
      problems.push_back("the supervisor did not end");
    for (const auto& [path, count] : log->running)
      if (count != 0)
        problems.push_back(path + " is left");
    for (const auto& [number, what] : unanswered_)
      problems.push_back("nothing answered " + what);
  }

  supervision::seeded_random random_{0};
  supervisor_actor supervisor_;
  std::string path_;
  caf::actor cascade_;
  std::shared_ptr<std::string> ended_;
  std::map<std::uint64_t, std::string> unanswered_;
  std::vector<std::pair<start_context, bool>> wished_;
  std::shared_ptr<books> books_ = std::make_shared<books>();
  std::uint64_t posted_ = 0;
};

} // namespace

TEST_CASE("random schedules leave nothing behind", "[simulation]") {
  play_schedules(
    20000, [](bool verbose) { return std::make_unique<simulation>(verbose); });
}

TEST_CASE_METHOD(supervision_fixture,
                 "in order, each is down before the next is asked",
                 "[simulation]") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    supervision::seeded_random random{seed};
    log = std::make_shared<record>();
    std::vector<child_spec> children;
    for (auto i = 0; i < 6; ++i)
      children.push_back(
        worker(std::string(1, char('a' + i)),
               random.next() % 2 == 0 ? manners::obeys : manners::ignores));
    supervisor_options options;
    options.name = "s" + std::to_string(seed);
    auto sup = supervise(options, children);
    exit_high(sup, caf::exit_reason::user_shutdown);
    while (!scheduler.jobs.empty() || log->exits.size() < 6) {
      auto& jobs = scheduler.jobs;
      if (jobs.empty()) {
        scheduler.trigger_timeout();
        continue;
      }
      std::rotate(jobs.begin(),
                  jobs.begin()
                    + static_cast<std::ptrdiff_t>(random.next() % jobs.size()),
                  jobs.end());
      scheduler.run_once();
    }
    std::string order;
    for (const auto& e : log->exits)
      order += e[0];
    REQUIRE(order == "fedcba");
  }
}
