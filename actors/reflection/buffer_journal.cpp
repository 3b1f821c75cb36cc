// How the buffer works with its journal's thread, and what it does
// periodically.

#include <hololoom/actors/reflection/buffer_state.hpp>
#include <hololoom/messages/json/read.hpp>

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace hololoom {

namespace {

constexpr auto tick_interval = std::chrono::milliseconds{100};
/// How long the disk may keep an opening that was given up.
constexpr millis longest_end_of_opening{1'000};

journal_options journal_options_of(const reflection_options& x,
                                   const reflection_surroundings& around) {
  journal_options result;
  if (!x.directory.empty())
    result.file = std::filesystem::path{x.directory} / "journal.db";
  result.hooks = around.hooks;
  result.vfs = around.vfs;
  result.retain_episodes = x.retain_episodes;
  result.retain_age = x.retain_age;
  result.retain_spacetimes = x.retain_spacetimes;
  return result;
}

/// Sends `x` to an actor that may have ended.
template <class T>
void tell(const caf::actor_addr& to, T x) {
  if (auto there = caf::actor_cast<caf::strong_actor_ptr>(to))
    caf::anon_send(caf::actor_cast<caf::actor>(there), std::move(x));
}

std::int64_t total_cycles(const shared_learned& from) {
  return from.read(
    [](const learned_state& x) { return x.metrics.total_cycles; });
}

caf::error opening_hangs(std::chrono::seconds since,
                         const std::string& directory) {
  return failure(errc::timed_out,
                 "the journal in " + directory
                   + " is being opened, and its disk has not answered for "
                   + std::to_string(since.count())
                   + " s; look at it, then try again with the same id");
}

caf::error disk_hangs(std::chrono::seconds since) {
  return failure(errc::timed_out,
                 "the disk under the journal has not answered for "
                   + std::to_string(since.count())
                   + " s; look at it, then try again with the same id: what "
                     "was stored in the meantime is not stored twice");
}

} // namespace

void buffer_state::start() {
  const auto& options = *memory_.options;
  if (auto err = check(options))
    return on(journal_opening{std::move(err), nullptr, {}});
  caf::actor_addr self = self_->address();
  journal_thread::callbacks calls;
  calls.opened = [self](journal_opening x) {
    tell(self, journal_opened{std::make_shared<journal_opening>(std::move(x))});
  };
  calls.finished = [self](journal_result x) {
    tell(self,
         journal_finished{std::make_shared<journal_result>(std::move(x))});
  };
  calls.found = [self](journal_finding x) {
    tell(self, journal_found{std::make_shared<journal_finding>(std::move(x))});
  };
  calls.closed = [self] {
    tell(self, journal_closed{});
  };
  journal_thread::options opts;
  opts.journal = journal_options_of(options, around_);
  opts.newest = options.capacity;
  opts.lock_wait =
    std::chrono::duration_cast<std::chrono::milliseconds>(options.lock_wait);
  if (around_.watch)
    opts.watch = around_.watch;
  try {
    journal_ =
      std::make_unique<journal_thread>(std::move(opts), std::move(calls));
  } catch (const std::system_error& e) {
    return on(journal_opening{refused_by_system(e), nullptr, {}});
  }
  self_->delayed_send(self_, tick_interval, buffer_tick{});
}

void buffer_state::on(const journal_opening& x) {
  if (x.failed) {
    journal_.reset();
    problem_ = x.failed;
    for (auto& task : std::exchange(in_flight_, {}))
      task->refuse(x.failed);
  } else {
    opened_ = true;
    problem_ = caf::error{};
    memory_.learned = x.learned;
    for (const auto& row : x.newest)
      if (auto made = from_json_text<episode>(row.body))
        memory_.recent.add(row.sequence, std::move(*made), row.body.size());
    summarised_ = total_cycles(*x.learned);
  }
  if (around_.on_opened)
    around_.on_opened(x.failed);
  if (x.failed)
    return self_->quit(closing_ ? exit_reason_ : x.failed);
  publish();
  answer_waiting({});
}

void buffer_state::on(const journal_result& x) {
  if (x.failed)
    degrade(x.failed);
  else if (x.wrote)
    problem_ = caf::error{};
  for (const auto& done : x.tasks) {
    auto& task = static_cast<buffer_task&>(*done);
    task.finish(memory_, x.failed);
    queued_bytes_ -= static_cast<std::int64_t>(task.bytes);
    in_flight_.pop_front();
    if (task.again())
      go_on_with(std::static_pointer_cast<buffer_task>(done));
  }
  responded_at_ = self_->clock().now();
  unpublished_ = unpublished_ || x.learned;
  // Copies of a large policy are made at each tick at most.
  constexpr std::size_t few = 256;
  if (unpublished_ && memory_.learned->read([](const learned_state& learned) {
        return learned.policy.tools.size() <= few;
      }))
    publish();
}

void buffer_state::on(const journal_finding& x) {
  std::string what = explain(x.damage);
  if (x.damage)
    damage_ = x.damage;
  if (x.relearned) {
    what = "what was learned differed from the episodes in "
         + memory_.options->directory + ", and was made anew from them";
    publish();
  }
  if (around_.on_finding)
    around_.on_finding(what, static_cast<bool>(x.damage));
}

/// Submits what has done a part of its work.
void buffer_state::go_on_with(std::shared_ptr<buffer_task> task) {
  if (sealed_)
    task->refuse(admit(false));
  else
    submit(std::move(task));
}

void buffer_state::on_closed() {
  if (closing_)
    self_->quit(exit_reason_);
}

void buffer_state::degrade(const caf::error& why) {
  problem_ = why;
  probed_at_ = self_->clock().now();
  for (auto& flush : flushes_)
    if (auto task = flush.task.lock())
      task->spoil(why);
  answer_waiting(why);
}

void buffer_state::publish() {
  unpublished_ = false;
  if (subscribers_.empty())
    return;
  auto newest = policy();
  for (const auto& subscriber : subscribers_)
    tell(subscriber, newest);
}

policy_snapshot buffer_state::policy() const {
  return memory_.learned->read([](const learned_state& x) { return x.policy; });
}

// -- what is due --------------------------------------------------------------

void buffer_state::tick() {
  self_->delayed_send(self_, tick_interval, buffer_tick{});
  if (!journal_)
    return;
  // The flush of the exit is one task.
  if (!opened_ && closing_ && in_flight_.size() <= 1)
    journal_->give_up_opening();
  report_progress();
  watch_disk();
  if (unpublished_)
    publish();
  if (sealed_ || !opened_)
    return;
  const auto& options = *memory_.options;
  auto now = self_->clock().now();
  if (problem_ && in_flight_.empty()
      && now - probed_at_ >= options.retry_interval) {
    probed_at_ = now;
    submit(std::make_shared<probe_task>());
  }
  auto total = total_cycles(*memory_.learned);
  if (total != summarised_
      && now - summarised_at_ >= options.summary_interval) {
    summarised_ = total;
    summarised_at_ = now;
    submit(std::make_shared<flush_task>(std::nullopt, memory_));
  }
  if (options.analysis_interval.count() > 0
      && now - analysed_at_ >= options.analysis_interval
      && memory_.learned->read(
        [](const learned_state& x) { return x.sequence > x.analysed; }))
    learn({true, true}, std::nullopt);
}

void buffer_state::report_progress() {
  std::erase_if(flushes_,
                [](const flush_asker& x) { return x.task.expired(); });
  if (flushes_.empty())
    return;
  auto activity = journal_->activity();
  if (activity == reported_activity_ && memory_.stored == reported_stored_)
    return;
  reported_activity_ = activity;
  reported_stored_ = memory_.stored;
  for (const auto& flush : flushes_)
    tell(flush.asker, flush_progress{memory_.stored - flush.stored_before,
                                     std::ssize(in_flight_)});
}

void buffer_state::watch_disk() {
  auto now = self_->clock().now();
  auto activity = journal_->activity();
  if ((opened_ && in_flight_.empty()) || activity != activity_) {
    activity_ = activity;
    responded_at_ = now;
    if (!opened_)
      problem_ = caf::error{};
    return;
  }
  auto limit = memory_.options->stall_limit;
  // Nothing was acknowledged before the journal is open, so that a closing
  // buffer has nothing to wait for.
  if (!opened_ && closing_)
    limit = std::min(limit, longest_end_of_opening);
  if (now - responded_at_ < limit)
    return;
  auto still =
    std::chrono::duration_cast<std::chrono::seconds>(now - responded_at_);
  auto why = opened_ ? disk_hangs(still)
                     : opening_hangs(still, memory_.options->directory);
  // It detaches the thread.
  if (!opened_ && closing_)
    return on(journal_opening{why, nullptr, {}});
  degrade(why);
  for (auto& task : in_flight_)
    if (!opened_ || now - task->since >= limit)
      task->refuse(why);
}

} // namespace hololoom
