#include "support.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/supervision/core/restart_limit.hpp>
#include <hololoom/messages/caf/actor_system.hpp>

#include <caf/actor_registry.hpp>
#include <caf/scoped_actor.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

// Many children that crash all the time, in every way, under one supervisor on
// real threads, while others ask it for this and that: it answers all of them,
// and every start is accounted for.

using namespace hololoom;
using namespace hololoom::test;

namespace {

struct storm_config : caf::actor_system_config {
  storm_config() {
    register_types(*this);
    set_threads(*this, 4);
  }
};

struct storm_setup {
  enum strategy strategy = strategy::one_for_one;
  std::size_t children = 200;
  int crashes = 10'000;
  std::int64_t intensity = 100'000'000;
  caf::timespan period = 10ms;
  bool backoff = false;
};

/// What requests were answered with.
struct tally {
  std::atomic<int> submitted{0};
  std::atomic<int> completed{0};
  std::atomic<int> refused{0}; ///< The supervisor said no.
  std::atomic<int> lost{0};    ///< The supervisor was gone.
  std::atomic<int> silent{0};  ///< Nobody said anything.

  bool adds_up() const {
    return submitted == completed + refused + lost && silent == 0;
  }
};

class storm {
public:
  explicit storm(const storm_setup& setup)
    : setup_(setup), left_(setup.crashes), before_(registry().running()) {
    events_->observe([this](const lifecycle_event& e) { note(e); });
    supervisor_options options;
    options.strategy = setup.strategy;
    options.intensity = setup.intensity;
    options.period = setup.period;
    options.stop_order = stop_order::parallel;
    options.events = events_;
    std::vector<child_spec> children;
    auto dynamic = setup.strategy == strategy::simple_one_for_one;
    for (std::size_t i = 0; i < (dynamic ? 1 : setup.children); ++i)
      children.push_back(
        child("c" + std::to_string(i),
              dynamic ? restart_type::transient : restart_type::permanent));
    auto sup = start_supervisor(system_, options, std::move(children));
    if (!sup)
      throw std::runtime_error(explain(sup.error()));
    supervisor_ = *sup;
    supervisor_->attach_functor([this](const caf::error& reason) {
      std::lock_guard guard{mutex_};
      ended_ = reason_name(reason);
      changed_.notify_all();
    });
    for (int i = 0; i < 3; ++i)
      askers_.emplace_back([this, i] { ask_around(i); });
  }

  /// Waits until nobody is left who would crash, and those that are to run do.
  /// @returns whether they did, in half a minute.
  bool calms_down() {
    std::unique_lock guard{mutex_};
    auto calm = changed_.wait_for(guard, 30s, [this] {
      return !ended_.empty()
          || (left_ <= 0 && armed_ == 0 && running_ >= setup_.children);
    });
    return calm && ended_.empty();
  }

  /// Waits for the end of the supervisor; its reason.
  std::string end() {
    std::unique_lock guard{mutex_};
    changed_.wait_for(guard, 30s, [this] { return !ended_.empty(); });
    return ended_;
  }

  /// Ends whatever there is.
  void finish() {
    asking_ = false;
    for (auto& asker : askers_)
      asker.join();
    exit_high(supervisor_, caf::exit_reason::user_shutdown);
    end();
    supervisor_ = nullptr;
    registry().await_running_count_equal(before_);
    // An actor counts as down a moment before it tells.
    std::unique_lock guard{mutex_};
    changed_.wait_for(guard, 30s, [this] { return gone == spawned; });
  }

  child_counts counts() {
    caf::scoped_actor self{system_};
    child_counts result;
    self->request(supervisor_, 10s, count_children{})
      .receive([&](const child_counts& x) { result = x; },
               [](const caf::error&) {});
    return result;
  }

  tally starts;  ///< start_child
  tally changes; ///< restart_child, terminate_child, delete_child
  tally queries; ///< which_children, count_children

  std::atomic<int> spawned{0};
  std::atomic<int> gone{0};
  std::atomic<int> crashed{0};
  std::atomic<int> failed_starts{0};

  // Read when all is over.
  std::map<std::pair<std::string, std::int64_t>, int> started;
  std::map<std::pair<std::string, std::int64_t>, int> ended;
  std::set<std::pair<std::string, std::int64_t>> promised;
  int escalations = 0;

private:
  caf::actor_registry& registry() { return system_.registry(); }

  /// A child of which one in three crashes soon after its start, as long as
  /// there are crashes left.
  child_spec child(std::string name, restart_type restart) {
    child_spec spec;
    spec.name = std::move(name);
    spec.restart = restart;
    spec.shutdown = shutdown_policy::within(10s);
    if (setup_.backoff)
      spec.backoff = {1ms, 8ms, 2, 0.5, 20ms};
    spec.start = [this](const start_context& ctx) {
      auto draw = random();
      auto first = ctx.incarnation == 1 && ctx.path.starts_with("root/c");
      if (draw % 64 == 0 && !first) {
        ++failed_starts;
        return start_result::failure(failure(errc::io_error, "drawn"));
      }
      auto crashes = draw % 3 != 0 && left_-- > 0;
      if (crashes)
        ++armed_;
      ++spawned;
      auto actor = ctx.system->spawn(
        [this, crashes, draw](caf::event_based_actor* self) -> caf::behavior {
          if (crashes)
            self->delayed_send(self, std::chrono::microseconds{draw % 2000},
                               caf::put_atom{});
          return {[this, self, draw](caf::put_atom) {
            ++crashed;
            switch (draw % 5) {
              case 0: return self->quit(failure(errc::internal, "boom"));
              case 1: throw std::runtime_error("bang");
              case 2: return self->quit(caf::exit_reason::kill);
              case 3: return self->quit(caf::sec::runtime_error);
              default:
                // Falls over its own feet twice.
                caf::anon_send(self, caf::put_atom{});
                return self->quit(failure(errc::crashed, "again"));
            }
          }};
        });
      actor->attach_functor([this, crashes](const caf::error&) {
        std::lock_guard guard{mutex_};
        ++gone;
        if (crashes)
          --armed_;
        changed_.notify_all();
      });
      return start_result::started(actor);
    };
    return spec;
  }

  std::uint64_t random() {
    std::lock_guard guard{random_mutex_};
    return random_.next();
  }

  /// One of those that must run in the end, whatever others asked for.
  bool counts_as_running(const std::string& path) const {
    return setup_.strategy == strategy::simple_one_for_one
        || path.starts_with("root/c");
  }

  void note(const lifecycle_event& e) {
    std::lock_guard guard{mutex_};
    std::pair key{e.path, e.incarnation};
    switch (e.what) {
      case transition::started:
        ++started[key];
        running_ += counts_as_running(e.path) ? 1 : 0;
        break;
      case transition::exited:
        if (e.reason.starts_with("start failed"))
          return;
        [[fallthrough]];
      case transition::stopped:
      case transition::killed:
      case transition::abandoned:
        ++ended[key];
        running_ -= counts_as_running(e.path) ? 1 : 0;
        break;
      case transition::escalated: ++escalations; break;
      default: return;
    }
    changed_.notify_all();
  }

  template <class T, class Request, class F>
  void ask(caf::scoped_actor& self, tally& counted, const Request& request,
           F f) {
    ++counted.submitted;
    self->request(supervisor_, 20s, request)
      .receive(
        [&](const T& x) {
          ++counted.completed;
          f(x);
        },
        [&](const caf::error& e) {
          if (e == caf::sec::request_receiver_down)
            ++counted.lost;
          else if (e == caf::sec::request_timeout)
            ++counted.silent;
          else
            ++counted.refused;
        });
  }

  void ask_around(int who) {
    caf::scoped_actor self{system_};
    auto dynamic = setup_.strategy == strategy::simple_one_for_one;
    for (int i = 0; asking_; ++i) {
      auto name =
        "x" + std::to_string(who) + "-" + std::to_string(random() % 8);
      auto nothing_more = [](const auto&) {
      };
      switch (random() % 8) {
        case 0:
        case 1:
        case 2: {
          start_child request;
          if (!dynamic)
            request.spec = std::make_shared<child_spec>(
              child(name, restart_type::temporary));
          ask<child_started>(
            self, starts, request, [this](const child_started& x) {
              std::lock_guard guard{mutex_};
              promised.emplace("root/" + x.name, x.incarnation);
            });
          break;
        }
        case 3:
          ask<child_started>(self, changes, restart_child{name}, nothing_more);
          break;
        case 4:
          ask<acknowledged>(self, changes, terminate_child{name}, nothing_more);
          break;
        case 5:
          ask<acknowledged>(self, changes, delete_child{name}, nothing_more);
          break;
        case 6:
          ask<child_list>(self, queries, which_children{}, nothing_more);
          break;
        default:
          ask<child_counts>(self, queries, count_children{}, nothing_more);
      }
    }
  }

  storm_setup setup_;
  storm_config config_;
  caf::actor_system system_{config_};
  std::shared_ptr<event_bus> events_ = std::make_shared<event_bus>();
  supervisor_actor supervisor_;
  std::vector<std::thread> askers_;
  std::atomic<bool> asking_{true};

  std::mutex random_mutex_;
  supervision::seeded_random random_{20};
  std::atomic<int> left_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string ended_;
  std::atomic<int> armed_{0};
  std::size_t running_ = 0;
  std::size_t before_;
};

/// To be called when the storm is over.
void check_books(const storm& x) {
  CHECK(x.starts.adds_up());
  CHECK(x.changes.adds_up());
  CHECK(x.queries.adds_up());
  CHECK(x.queries.refused == 0);
  // Every incarnation was started once, ended once, and both were told.
  CHECK(x.spawned == x.gone);
  auto told = 0;
  for (const auto& [key, count] : x.started)
    told += count;
  CHECK(told == x.spawned);
  CHECK(x.started == x.ended);
  for (const auto& [key, count] : x.started)
    // A temporary one that is forgotten may come again by the same name.
    if (count != 1 && key.first.starts_with("root/c"))
      FAIL_CHECK(key.first << " " << key.second << " started " << count
                           << " times");
  // Whoever was told that its child runs was told the truth.
  for (const auto& key : x.promised)
    if (!x.started.contains(key))
      FAIL_CHECK(key.first << " " << key.second << " was never started");
}

} // namespace

TEST_CASE("a storm of crashes passes and everybody is back") {
  storm_setup setup;
  SECTION("one_for_one, at once") {}
  SECTION("one_for_one, with backoff") {
    setup.backoff = true;
  }
  SECTION("one_for_all") {
    setup.strategy = strategy::one_for_all;
    setup.children = 20;
    setup.crashes = 2'000;
  }
  SECTION("rest_for_one") {
    setup.strategy = strategy::rest_for_one;
    setup.children = 20;
    setup.crashes = 2'000;
  }
  SECTION("rest_for_one, with backoff") {
    setup.strategy = strategy::rest_for_one;
    setup.children = 20;
    setup.crashes = 500;
    setup.backoff = true;
  }
  SECTION("simple_one_for_one") {
    setup.strategy = strategy::simple_one_for_one;
  }
  storm x{setup};
  CHECK(x.calms_down());
  // The last group may be on its way back: its end was not seen as a calm's.
  auto all = static_cast<std::int64_t>(setup.children);
  auto limit = std::chrono::steady_clock::now() + 30s;
  while (x.counts().active < all && std::chrono::steady_clock::now() < limit) {
  }
  CHECK(x.counts().active >= all);
  x.finish();
  // In a group, most of those that would have crashed are stopped before.
  CHECK(x.crashed > setup.crashes / 50);
  CHECK(x.failed_starts > 0);
  CHECK(x.escalations == 0);
  CHECK(x.starts.lost == 0);
  check_books(x);
}

TEST_CASE("a storm that exceeds the intensity ends the supervisor in order") {
  storm_setup setup;
  setup.intensity = 200;
  setup.period = 1s;
  SECTION("at once") {}
  SECTION("with backoff") {
    setup.backoff = true;
  }
  SECTION("of a group") {
    setup.strategy = strategy::one_for_all;
    setup.children = 20;
    setup.intensity = 20;
  }
  storm x{setup};
  CHECK(x.end() == "shutdown");
  x.finish();
  CHECK(x.escalations == 1);
  check_books(x);
}
