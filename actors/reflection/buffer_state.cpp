#include <hololoom/actors/reflection/buffer_state.hpp>
#include <hololoom/actors/reflection/make_episode.hpp>
#include <hololoom/messages/json/write.hpp>

#include <caf/actor_cast.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace hololoom {

namespace {

constexpr std::int64_t longest_page = 1'000;

caf::error overloaded(std::int64_t count, const char* what) {
  return failure(errc::overloaded, "the reflection buffer has "
                                     + std::to_string(count) + what
                                     + " waiting for the disk; try again in a "
                                       "moment");
}

} // namespace

buffer_state::buffer_state(buffer_actor::pointer self,
                           reflection_options options,
                           reflection_surroundings around)
  : self_(self), around_(std::move(around)), memory_(std::move(options)) {
  auto now = self_->clock().now();
  started_at_ = responded_at_ = probed_at_ = summarised_at_ = analysed_at_ =
    now;
  memory_.on_consolidated = around_.on_consolidated;
}

buffer_state::~buffer_state() {
  journal_.reset();
  for (auto& task : in_flight_)
    task->refuse(failure(errc::crashed, "the reflection buffer ended before "
                                        "this was on disk; try again with the "
                                        "same id"));
  answer_waiting(caf::sec::request_receiver_down);
}

buffer_actor::behavior_type buffer_state::make_behavior() {
  self_->set_exit_handler([this](caf::exit_msg& x) { on_exit(x.reason); });
  self_->set_down_handler(
    [this](caf::down_msg& x) { std::erase(subscribers_, x.source); });
  start();
  return {
    [this](reflect_request& x) {
      auto given = static_cast<bool>(x.reward);
      return store(make_episode(*memory_.options, std::move(x)), given);
    },
    [this](reflect_on_request& x) -> caf::result<reflect_ack> {
      if (auto err = check_feedback(x.said, x.reward))
        return err;
      if (auto err = admit(true))
        return err;
      auto rp = self_->make_response_promise<reflect_ack>();
      submit(
        std::make_shared<store_on_task>(rp, memory_.options, std::move(x)));
      return rp;
    },
    [this](import_request& x) {
      return store(make_episode(std::move(x)), true);
    },
    [this](const record_request& x) -> caf::result<record_ack> {
      if (x.woven.id.empty())
        return failure(errc::invalid_query,
                       "a spacetime without an id cannot be recorded");
      if (auto err = admit(false))
        return err;
      auto rp = self_->make_response_promise<record_ack>();
      submit(std::make_shared<record_spacetime_task>(rp, x.woven));
      return rp;
    },
    [this](metrics_query) {
      return once_open<reflection_metrics>([this](auto& rp) {
        rp.deliver(memory_.learned->read(
          [](const learned_state& x) { return x.metrics; }));
      });
    },
    [this](policy_query) {
      return once_open<policy_snapshot>(
        [this](auto& rp) { rp.deliver(policy()); });
    },
    [this](policy_subscription) {
      return once_open<policy_snapshot>(
        [this, asker = self_->current_sender()](auto& rp) {
          if (asker) {
            self_->monitor(asker->address());
            subscribers_.push_back(asker->address());
          }
          rp.deliver(policy());
        });
    },
    [this](episodes_query x) {
      x.limit = std::clamp<std::int64_t>(x.limit, 1, longest_page);
      return once_open<episode_page>([this, x](auto& rp) {
        auto held = memory_.recent.page(x.after, x.limit);
        if (!held)
          return submit(std::make_shared<page_task>(rp, x));
        episode_page result;
        result.last = held->empty() ? x.after : held->back().sequence;
        for (auto& entry : *held)
          result.episodes.push_back(std::move(entry.what));
        rp.deliver(std::move(result));
      });
    },
    [this](learn_request x) {
      return once_open<learned>([this, x](auto& rp) { learn(x, rp); });
    },
    [this](consolidate_request) {
      return once_open<consolidation_report>([this](auto& rp) {
        if (auto err = admit(false))
          rp.deliver(std::move(err));
        else
          submit(std::make_shared<consolidate_task>(rp, memory_));
      });
    },
    [this](copy_store& x) {
      return once_open<store_copied>([this, x = std::move(x)](auto& rp) {
        go_on_with(std::make_shared<copy_task>(rp, x));
      });
    },
    [this](flush_request x) { return flush(x); },
    [this](reflection_status_query) { return status(); },
    [this](const journal_opened& x) { on(*x.what); },
    [this](const journal_finished& x) { on(*x.what); },
    [this](const journal_found& x) { on(*x.what); },
    [this](journal_closed) { on_closed(); },
    [this](buffer_tick) { tick(); },
  };
}

void buffer_state::answer_waiting(const caf::error& why) {
  for (auto& answer : std::exchange(waiting_, {}))
    answer(why);
}

// -- writing ------------------------------------------------------------------

caf::error buffer_state::admit(bool store) {
  if (sealed_) {
    late_stores_ += store ? 1 : 0;
    return failure(errc::sealed, "the reflection buffer has been flushed for "
                                 "good; this came too late and is not stored");
  }
  if (std::ssize(in_flight_) >= memory_.options->queue_limit)
    return overloaded(std::ssize(in_flight_), " writes");
  if (queued_bytes_ >= memory_.options->queue_bytes)
    return overloaded(queued_bytes_, " bytes of writes");
  return {};
}

void buffer_state::submit(std::shared_ptr<buffer_task> task) {
  if (!journal_)
    return task->refuse(problem_);
  task->since = self_->clock().now();
  task->bytes = task->size();
  queued_bytes_ += static_cast<std::int64_t>(task->bytes);
  // A journal that is being opened is waited for already.
  if (opened_ && in_flight_.empty())
    responded_at_ = task->since;
  in_flight_.push_back(task);
  journal_->submit(std::move(task));
}

caf::result<reflect_ack> buffer_state::store(caf::expected<episode> made,
                                             bool reward_given) {
  if (!made)
    return std::move(made.error());
  if (auto err = admit(true))
    return err;
  auto rp = self_->make_response_promise<reflect_ack>();
  submit(std::make_shared<store_task>(rp, memory_.options, std::move(*made),
                                      reward_given));
  return rp;
}

void buffer_state::learn(learn_request x, std::optional<promise<learned>> rp) {
  auto answer = [&rp](auto what) {
    if (rp)
      rp->deliver(std::move(what));
  };
  const auto& options = *memory_.options;
  auto now = self_->clock().now();
  if (rp && !x.force && now - analysed_at_ < std::chrono::minutes{5})
    return answer(learned{});
  auto window = memory_.recent.samples(options.learning_window);
  // Nothing is analysed then: it is due as soon as there are enough.
  if (!enough_to_analyse(window))
    return answer(learned{});
  analysed_at_ = now;
  auto signals = analyse(window);
  if (signals.empty())
    return answer(learned{});
  if (!x.apply)
    return answer(learned{std::move(signals)});
  if (auto err = admit(false))
    return answer(std::move(err));
  auto change = memory_.learned->read([&](const learned_state& learned) {
    return adjust(signals, window, learned);
  });
  submit(std::make_shared<learn_task>(std::move(rp), std::move(signals),
                                      std::move(change)));
}

caf::result<flush_ack> buffer_state::flush(flush_request x) {
  sealed_ = sealed_ || x.seal;
  // A promise takes the sender along, so that it has to be asked for first.
  auto asker = self_->current_sender();
  auto rp = self_->make_response_promise<flush_ack>();
  auto task = std::make_shared<flush_task>(rp, memory_);
  if (asker)
    flushes_.push_back({task, asker->address(), memory_.stored});
  submit(std::move(task));
  return rp;
}

void buffer_state::on_exit(const caf::error& reason) {
  if (std::exchange(closing_, true))
    return;
  sealed_ = true;
  exit_reason_ = reason;
  if (!journal_)
    return self_->quit(exit_reason_);
  submit(std::make_shared<flush_task>(std::nullopt, memory_));
  journal_->close();
}

reflection_status buffer_state::status() const {
  reflection_status result;
  const auto& why = problem_ ? problem_ : damage_;
  result.degraded = static_cast<bool>(why);
  if (why)
    result.problem = explain(why);
  result.queued = std::ssize(in_flight_);
  result.stored =
    memory_.learned->read([](const learned_state& x) { return x.sequence; });
  result.late_stores = late_stores_;
  result.durable = memory_.durable();
  if (!opened_ && journal_)
    result.opening = self_->clock().now() - started_at_;
  return result;
}

reflection_actor spawn_reflection_buffer(caf::actor_system& system,
                                         reflection_options options,
                                         reflection_surroundings around,
                                         bool own_thread) {
  return caf::actor_cast<reflection_actor>(
    spawn_state_on<buffer_state, buffer_actor>(
      own_thread, system, std::move(options), std::move(around)));
}

} // namespace hololoom
