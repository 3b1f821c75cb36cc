#include "hostile/ending.hpp"
#include "hostile/random/guests.hpp"
#include "hostile/random/host.hpp"
#include "hostile/random/truth.hpp"

#include <hololoom/actors/supervision/cascade.hpp>
#include <hololoom/messages/caf/actor_system.hpp>
#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/messages/caf/type_ids.hpp>
#include <hololoom/runtime/loom.hpp>
#include <hololoom/runtime/signals.hpp>

#include <caf/actor_registry.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

using namespace std::chrono_literals;

namespace hololoom::hostile {

namespace {

/// Where a tree grows, and how it is closed.
class ground {
public:
  virtual ~ground() = default;

  /// The supervisor of the tree; null while there is none.
  virtual supervisor_actor supervisor() = 0;
  virtual void begin_to_close() = 0;
  /// The same for a worker, which may be kept in it until the report is there.
  virtual void close_in_worker() = 0;
  virtual void hurry() = 0;
  virtual shutdown_report report() = 0;
  /// Destroys what can be destroyed.
  virtual void clear(bool all_ended) = 0;
};

class loom_ground final : public ground {
public:
  loom_ground(const random_case& x, const std::string& data) {
    auto cfg = config::bare();
    cfg.data_dir = data;
    cfg.threads = 4;
    cfg.shutdown.grace = x.grace;
    cfg.shutdown.kill_wait = x.kill_wait;
    auto opened = loom::open(std::move(cfg));
    if (!opened)
      throw std::runtime_error{explain(opened.error())};
    loom_.emplace(std::move(*opened));
    if (auto err = loom_->at_shutdown(cascade_phase::signal, "truth", 1s,
                                      [] { write_truth('S', "-"); }))
      throw std::runtime_error{explain(err)};
  }

  supervisor_actor supervisor() override { return loom_->workers(); }
  void begin_to_close() override { loom_->close_async("random", "program"); }
  void close_in_worker() override {
    inside_.enter();
    loom_->close("random", "worker");
    inside_.leave();
  }
  void hurry() override { loom_->hurry(); }
  shutdown_report report() override { return loom_->close("random", "host"); }
  void clear(bool) override {
    if (inside_.gone_within(2s))
      loom_.reset();
  }

private:
  std::optional<loom> loom_;
  visitors inside_; ///< In `close`.
};

class plain_ground final : public ground {
public:
  explicit plain_ground(const random_case& x) {
    register_types(config_);
    set_threads(config_, 4);
    set_policy(config_, "sharing");
    system_ = std::make_unique<caf::actor_system>(config_);
    supervisor_options options;
    options.intensity = 10;
    options.period = 1s;
    options.stop_order = x.order;
    options.kill_wait = x.kill_wait;
    options.detached = true;
    options.names = std::make_shared<directory>();
    cascade_plan plan;
    plan.names = options.names;
    auto root = spawn_supervisor(*system_, std::move(options), {});
    if (!root)
      throw std::runtime_error{explain(root.error())};
    root_ = *root;
    plan.root = root_;
    plan.limits.grace = x.grace;
    plan.limits.kill_wait = x.kill_wait;
    plan.on_phase = [](cascade_phase phase) {
      if (phase == cascade_phase::signal)
        write_truth('S', "-");
    };
    cascade_ = spawn_cascade(*system_, std::move(plan));
    forget_actor_system();
  }

  supervisor_actor supervisor() override { return root_; }
  void begin_to_close() override {
    caf::anon_send(cascade_, begin_cascade{"random", "program"});
  }
  void close_in_worker() override { begin_to_close(); }
  void hurry() override {
    caf::anon_send<caf::message_priority::high>(cascade_, hurry_cascade{});
  }
  shutdown_report report() override {
    shutdown_report result;
    caf::scoped_actor self{*system_};
    self->request(cascade_, caf::infinite, begin_cascade{"random", "host"})
      .receive([&](shutdown_report& x) { result = std::move(x); },
               [&](caf::error& err) {
                 result.flush.error = explain(err);
                 result.exit_code = 70;
               });
    return result;
  }
  void clear(bool all_ended) override {
    exit_high(cascade_, caf::exit_reason::user_shutdown);
    cascade_ = nullptr;
    root_ = nullptr;
    forget_actor_system();
    if (all_ended)
      system_.reset();
    else
      std::ignore = system_.release();
  }

private:
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  supervisor_actor root_;
  caf::actor cascade_;
};

class host {
public:
  host(random_case x, std::unique_ptr<ground> where)
    : case_(std::move(x)), ground_(std::move(where)) {}

  void grow() {
    for (const auto& child : case_.top)
      add(spec_of(child));
    for (std::size_t i = 0; i < case_.closings.size(); ++i)
      add_closer(case_.closings[i], "closer" + std::to_string(i));
  }

  void on_signal(int count) {
    write_truth('A', "-");
    if (count > 1)
      ground_->hurry();
    else
      ground_->begin_to_close();
    asked();
  }

  shutdown_report run() {
    std::jthread conductor{[this](const std::stop_token& stop) {
      conduct(stop);
    }};
    asked_.get_future().wait();
    auto report = ground_->report();
    write_truth('R', "-");
    conductor.request_stop();
    conductor.join();
    ground_->clear(report.abandoned.empty());
    return report;
  }

private:
  void add(child_spec spec) {
    caf::anon_send(
      ground_->supervisor(),
      start_child{std::make_shared<const child_spec>(std::move(spec))});
  }

  void asked() {
    if (!was_asked_.exchange(true))
      asked_.set_value();
  }

  /// A worker that closes. Its life is over before: in a loom it is kept.
  void add_closer(const closing& x, const std::string& name) {
    auto close = [this] {
      write_truth('A', "-");
      asked();
      ground_->close_in_worker();
    };
    using from = closing::from;
    if (x.whom == from::thread)
      add(to_child_spec(background::blocking(
        name, [close, after = x.after](const std::stop_token& stop) {
          if (!told_within(stop, after))
            close();
        })));
    else if (x.whom == from::coroutine)
      add(to_child_spec(
        background::coroutine(name, [close, after = x.after](task_context ctx) {
          return close_later(ctx, after, close);
        })));
  }

  static task close_later(task_context ctx, ms after,
                          std::function<void()> close) {
    co_await ctx.sleep_for(after);
    close();
  }

  /// Does what the program does at its times.
  void conduct(const std::stop_token& stop) {
    auto begun = std::chrono::steady_clock::now();
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock{mutex};
    auto wait = [&](ms until) {
      never.wait_until(lock, stop, begun + until, [] { return false; });
      return !stop.stop_requested();
    };
    const auto& first = case_.closings.front();
    if (!case_.stopped.empty()) {
      if (!wait(first.after / 2))
        return;
      if (auto supervisor = ground_->supervisor())
        caf::anon_send(supervisor, terminate_child{case_.stopped});
    }
    for (const auto& x : case_.closings)
      if (x.whom == closing::from::program) {
        if (!wait(x.after))
          return;
        write_truth('A', "-");
        ground_->begin_to_close();
        asked();
      }
    // Where every closer was ended or starved, the program closes.
    if (wait(2s)) {
      write_truth('A', "-");
      ground_->begin_to_close();
      asked();
    }
  }

  random_case case_;
  std::unique_ptr<ground> ground_;
  std::atomic<bool> was_asked_ = false;
  std::promise<void> asked_;
};

} // namespace

void run_random(const std::string& data, std::uint64_t seed) {
  signal_watch signals;
  keep_truth_in(data + "/truth");
  auto x = random_case_of(seed);
  std::unique_ptr<ground> where;
  if (x.in_loom)
    where = std::make_unique<loom_ground>(x, data);
  else
    where = std::make_unique<plain_ground>(x);
  // Never destroyed: a guest may hang in it.
  auto& in = *new host{std::move(x), std::move(where)};
  signals.start([&](int, int count) { in.on_signal(count); });
  in.grow();
  say("ready");
  end_with(in.run(), data);
}

} // namespace hololoom::hostile
