#include <hololoom/actors/reflection/buffer_tasks.hpp>
#include <hololoom/actors/reflection/make_episode.hpp>
#include <hololoom/actors/reflection/metrics_summary.hpp>
#include <hololoom/actors/reflection/transfer/episode_files.hpp>
#include <hololoom/messages/json/read.hpp>

#include <set>

namespace hololoom {

// -- storing ------------------------------------------------------------------

store_task::store_task(caf::typed_response_promise<reflect_ack> promise,
                       std::shared_ptr<const reflection_options> options,
                       episode&& x, bool reward_given)
  : store_task(std::move(promise), std::move(options)) {
  take(std::move(x), reward_given);
}

void store_task::take(episode&& x, bool reward_given) {
  episode_ = std::move(x);
  row_ = row_of(episode_, options_->discount);
  row_.reward_given = reward_given;
}

caf::error store_task::run(journal& x) {
  auto place = x.add(row_);
  if (place)
    place_ = *place;
  else if (is(place.error(), errc::id_conflict))
    wrong_ = std::move(place.error());
  else
    return std::move(place.error());
  return {};
}

/// Looks only at what `outcome` does not change, which runs meanwhile.
void store_task::answered(const journal& x) const {
  // A missing file can be exported later: the episode itself is durable.
  if (options_->episode_files && !options_->directory.empty() && !wrong_
      && place_.fresh)
    (void)write_episode_file(options_->directory, row_.learned.at, row_.id,
                             row_.body, &x.files());
}

caf::expected<reflect_ack> store_task::outcome(buffer_memory& memory) {
  if (wrong_)
    return wrong_;
  if (place_.fresh) {
    memory.recent.add(place_.sequence, std::move(episode_), row_.body.size());
    memory.stored += 1;
  }
  return reflect_ack{row_.id,        place_.sequence, place_.reward,
                     place_.formula, place_.success,  memory.durable(),
                     !place_.fresh};
}

/// The spacetime of the request; for a retry that comes after retention has
/// dropped it, that of the episode.
caf::expected<spacetime> store_on_task::recorded(journal& x) const {
  auto body = x.spacetime(request_.spacetime_id);
  if (!body)
    return std::move(body.error());
  if (*body)
    return from_json_text<spacetime>(**body);
  auto stored = x.find(request_.episode_id);
  if (!stored)
    return std::move(stored.error());
  if (*stored)
    if (auto there = from_json_text<episode>((*stored)->body);
        there && there->woven.id == request_.spacetime_id)
      return std::move(there->woven);
  return failure(errc::not_found,
                 "no spacetime " + request_.spacetime_id
                   + " is recorded; take the `id` of a spacetime that was "
                     "woven");
}

caf::error store_on_task::run(journal& x) {
  auto woven = recorded(x);
  if (!woven) {
    if (!is(woven.error(), errc::not_found)
        && !is(woven.error(), errc::invalid_json))
      return std::move(woven.error());
    wrong_ = std::move(woven.error());
    return {};
  }
  auto made = make_episode(*options_, {request_.episode_id, std::move(*woven),
                                       request_.said, request_.reward});
  if (!made) {
    wrong_ = std::move(made.error());
    return {};
  }
  auto given = made->formula == reward_formula::given;
  take(std::move(*made), given);
  return store_task::run(x);
}

// -- recording and reading ----------------------------------------------------

record_spacetime_task::record_spacetime_task(
  caf::typed_response_promise<record_ack> promise, const spacetime& x)
  : answering_task(std::move(promise)), id_(x.id), body_(json_text(x)) {}

caf::error record_spacetime_task::run(journal& x) {
  auto err = x.add_spacetime(id_, body_);
  if (!is(err, errc::id_conflict))
    return err;
  wrong_ = std::move(err);
  return {};
}

caf::expected<record_ack> record_spacetime_task::outcome(buffer_memory&) {
  if (wrong_)
    return wrong_;
  return record_ack{id_};
}

caf::error page_task::run(journal& x) {
  auto rows = x.read(query_.after, query_.limit);
  if (!rows)
    return std::move(rows.error());
  page_.last = query_.after;
  for (const auto& row : *rows) {
    auto made = from_json_text<episode>(row.body);
    if (!made)
      return std::move(made.error());
    page_.episodes.push_back(std::move(*made));
    page_.last = row.sequence;
  }
  return {};
}

caf::expected<episode_page> page_task::outcome(buffer_memory&) {
  return std::move(page_);
}

// -- learning -----------------------------------------------------------------

caf::expected<learned> learn_task::outcome(buffer_memory&) {
  return learned{std::move(signals_)};
}

consolidate_task::consolidate_task(
  caf::typed_response_promise<consolidation_report> promise,
  const buffer_memory& memory)
  : answering_task(std::move(promise)),
    begun_(std::chrono::steady_clock::now()),
    plan_(plan_consolidation(memory.recent.candidates(),
                             memory.options->capacity,
                             memory.options->prune_below)) {
  keep_equal(
    plan_, [&](std::int64_t sequence) { return memory.recent.find(sequence); });
  for (const auto& merger : plan_.mergers) {
    auto stays = memory.recent.find(merger.stays);
    if (!stays)
      continue;
    auto x = *stays;
    x.woven.metadata.set("merged",
                         {{"count", merger.count},
                          {"mean_reward", merger.mean_reward},
                          {"reward_deviation", merger.reward_deviation},
                          {"first", merger.go.front()}});
    merged_.emplace_back(merger.stays, std::move(x));
  }
}

caf::error consolidate_task::run(journal& x) {
  if (nothing_to_do())
    return {};
  if (auto err = x.begin())
    return err;
  caf::error err;
  auto rewrite = [&](std::int64_t sequence, std::string_view body) {
    if (!err)
      err = x.rewrite(sequence, body);
  };
  for (const auto& [sequence, stays] : merged_)
    rewrite(sequence, json_text(stays));
  for (const auto& merger : plan_.mergers)
    for (auto sequence : merger.go)
      rewrite(sequence, {});
  for (auto sequence : plan_.pruned)
    rewrite(sequence, {});
  if (!err)
    return x.commit();
  x.rollback();
  return err;
}

caf::expected<consolidation_report>
consolidate_task::outcome(buffer_memory& memory) {
  std::set<std::int64_t> gone(plan_.pruned.begin(), plan_.pruned.end());
  for (const auto& merger : plan_.mergers)
    gone.insert(merger.go.begin(), merger.go.end());
  memory.recent.remove(gone);
  for (auto& [sequence, x] : merged_)
    memory.recent.replace(sequence, std::move(x));
  plan_.report.took = std::chrono::steady_clock::now() - begun_;
  plan_.report.success_rate = memory.learned->read(
    [](const learned_state& x) { return x.metrics.success_rate(); });
  plan_.report.final_episode_count = memory.recent.size();
  if (memory.on_consolidated && !nothing_to_do())
    memory.on_consolidated(plan_.report);
  return std::move(plan_.report);
}

// -- flushing -----------------------------------------------------------------

caf::error flush_task::run(journal& x) {
  sequence_ = x.learned().sequence;
  if (directory_.empty())
    return {};
  return write_summary(directory_, x.learned().metrics, &x.files());
}

caf::expected<flush_ack> flush_task::outcome(buffer_memory& memory) {
  if (spoiled_)
    return spoiled_;
  return flush_ack{memory.stored - stored_before_, sequence_};
}

// -- copying ------------------------------------------------------------------

caf::error copy_task::run(journal& x) {
  if (asked_.stop.stop_requested()) {
    x.end_copy();
    wrong_ = failure(errc::cancelled, "the copy was called off");
    return {};
  }
  auto complete = x.copy_some(asked_.to, pages_at_once);
  if (!complete)
    wrong_ = std::move(complete.error());
  else if (*complete)
    complete_ = true;
  else if (asked_.on_progress)
    asked_.on_progress(x.copy()->copied(), x.copy()->total());
  copied_.count = x.learned().sequence;
  return {};
}

void copy_task::finish(buffer_memory& memory, const caf::error& failed) {
  if (failed || !again())
    answering_task::finish(memory, failed);
}

caf::expected<store_copied> copy_task::outcome(buffer_memory&) {
  if (wrong_)
    return wrong_;
  return copied_;
}

} // namespace hololoom
