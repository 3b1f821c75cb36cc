#include <hololoom/actors/shuttle/weave/weave.hpp>
#include <hololoom/actors/shuttle/weaver.hpp>
#include <hololoom/messages/caf/memory_ids.hpp>
#include <hololoom/messages/caf/shuttle_ids.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <random>
#include <utility>

// A weaver does one weave at a time: it asks for a snapshot of the memory,
// weaves, lets the yarn graph carry out the tool's request, and reports. The
// weave itself runs in one handler, on the weaver's own thread.
//
// Exit: asks the shuttle to dismiss it, and exits then or once the shuttle is
// down. Down: only the shuttle is monitored.

namespace hololoom {

namespace {

using namespace std::chrono_literals;

/// The yarn graph answers without touching the disk.
constexpr std::chrono::milliseconds snapshot_limit = 1s;

random_generator seeded(const weaver_deps& deps) {
  if (deps.options.seed == 0) {
    std::random_device device;
    std::seed_seq seeds{device(), device(), device(), device()};
    return random_generator{seeds};
  }
  std::seed_seq seeds{deps.options.seed, deps.number};
  return random_generator{seeds};
}

class weaver_state {
public:
  static constexpr const char* name = "weaver";

  weaver_state(weaver_actor::base* self, weaver_deps deps)
    : self_(self), deps_(std::move(deps)), rng_(seeded(deps_)) {
    setting_.options = deps_.options;
    setting_.tools = deps_.tools;
    setting_.clock = [self] {
      return self->clock().now();
    };
  }

  weaver_actor::behavior_type make_behavior() {
    self_->set_exit_handler([this](caf::exit_msg& x) { leave(x.reason); });
    self_->set_down_handler([this](caf::down_msg&) { shuttle_down(); });
    self_->monitor(deps_.shuttle);
    self_->send(deps_.shuttle, weaver_ready{weaver_actor{self_}});
    return {
      [this](weave_order& x) { begin(std::move(x)); },
      [this](weaver_dismissed) { self_->quit(reason_); },
    };
  }

private:
  // -- weaving ----------------------------------------------------------------

  void begin(weave_order order) {
    busy_ = true;
    number_ = order.number;
    order_ = std::move(order);
    if (!deps_.yarn) {
      weave();
      return;
    }
    self_->request(deps_.yarn, snapshot_limit, snapshot_query{})
      .then(
        [this](const index_snapshot& x) {
          order_.memory = x.index;
          weave();
        },
        [this](const caf::error& err) {
          order_.warnings.push_back("the memory did not answer: "
                                    + explain(err));
          weave();
        });
  }

  void weave() {
    assert(busy_ && !run_);
    run_ = std::make_unique<weave_run>(setting_, std::move(order_), rng_);
    auto effect = run_->run();
    if (!effect) {
      finish();
      return;
    }
    if (!deps_.yarn) {
      run_->effect_failed(
        failure(errc::unavailable, "there is no memory to write to"));
      finish();
      return;
    }
    self_->request(deps_.yarn, effect_limit(), std::move(*effect))
      .then(
        [this](const remember_ack& ack) {
          run_->effect_done(ack);
          finish();
        },
        [this](const caf::error& err) {
          run_->effect_failed(err);
          finish();
        });
  }

  /// The rest of the deadline, by which the caller expects an answer.
  std::chrono::milliseconds effect_limit() const {
    auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(run_->remaining());
    return std::max(left, std::chrono::milliseconds{1});
  }

  void finish() {
    auto woven = run_->finish();
    run_.reset();
    busy_ = false;
    self_->send(deps_.shuttle, weave_done{number_, std::move(woven)});
    if (leaving_ && shuttle_down_)
      self_->quit(reason_);
  }

  // -- ending -----------------------------------------------------------------

  void leave(const caf::error& reason) {
    reason_ =
      reason ? reason : caf::make_error(caf::exit_reason::user_shutdown);
    if (shuttle_down_ && !busy_) {
      self_->quit(reason_);
      return;
    }
    if (!std::exchange(leaving_, true))
      self_->send(deps_.shuttle, weaver_leaving{weaver_actor{self_}});
  }

  void shuttle_down() {
    shuttle_down_ = true;
    if (leaving_ && !busy_)
      self_->quit(reason_);
  }

  weaver_actor::base* self_;
  weaver_deps deps_;
  weave_setting setting_;
  random_generator rng_;
  std::uint64_t number_ = 0;
  weave_order order_;
  std::unique_ptr<weave_run> run_;
  caf::error reason_;
  bool busy_ = false;
  bool leaving_ = false;
  bool shuttle_down_ = false;
};

} // namespace

weaver_actor spawn_weaver(caf::actor_system& system, weaver_deps deps,
                          bool own_thread) {
  return spawn_state_on<weaver_state, weaver_actor>(own_thread, system,
                                                    std::move(deps));
}

} // namespace hololoom
