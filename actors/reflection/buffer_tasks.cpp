#include <hololoom/actors/reflection/appraise.hpp>
#include <hololoom/actors/reflection/buffer_tasks.hpp>
#include <hololoom/actors/reflection/metrics_summary.hpp>
#include <hololoom/actors/reflection/transfer/episode_files.hpp>
#include <hololoom/messages/json/read.hpp>

#include <set>

namespace hololoom {

// -- storing ------------------------------------------------------------------

store_task::store_task(caf::typed_response_promise<reflect_ack> promise,
                       std::shared_ptr<const reflection_options> options,
                       episode&& x)
  : store_task(std::move(promise), std::move(options)) {
  episode_ = std::move(x);
  record_ = record_of(episode_, options_->discount);
}

caf::error store_task::run(journal& x) {
  auto place = x.add(record_);
  if (!place)
    return std::move(place.error());
  place_ = *place;
  return {};
}

void store_task::committed(const journal& x) {
  // What a file lacks can be exported later: the episode itself is on disk.
  if (options_->episode_files && !options_->directory.empty() && !wrong_
      && place_.fresh)
    (void)write_episode_file(options_->directory, episode_, &x.files());
}

void store_task::finish(buffer_memory& memory, const caf::error& failed) {
  if (failed || wrong_)
    return refuse(failed ? failed : wrong_);
  answer({record_.id, place_.sequence, place_.reward, place_.formula,
          place_.success, memory.durable()});
  if (!place_.fresh)
    return;
  memory.held.add(place_.sequence, std::move(episode_), record_.body.size());
  memory.stored += 1;
}

caf::error store_on_task::run(journal& x) {
  auto body = x.spacetime(request_.spacetime_id);
  if (!body)
    return std::move(body.error());
  if (!*body) {
    wrong_ = failure(errc::not_found,
                     "no spacetime " + request_.spacetime_id
                       + " is recorded; take the id that `weave --json` shows");
    return {};
  }
  auto woven = from_json_text<spacetime>(**body);
  if (!woven) {
    wrong_ = std::move(woven.error());
    return {};
  }
  auto made = appraise(*options_, {request_.episode_id, std::move(*woven),
                                   request_.said, request_.reward});
  if (!made) {
    wrong_ = std::move(made.error());
    return {};
  }
  episode_ = std::move(*made);
  record_ = record_of(episode_, options_->discount);
  return store_task::run(x);
}

// -- recording and reading ----------------------------------------------------

record_task::record_task(caf::typed_response_promise<record_ack> promise,
                         const spacetime& x)
  : answering_task(std::move(promise)), id_(x.id), body_(json_text(x)) {}

caf::error record_task::run(journal& x) {
  return x.record(id_, body_);
}

void record_task::finish(buffer_memory&, const caf::error& failed) {
  if (failed)
    refuse(failed);
  else
    answer({id_});
}

caf::error page_task::run(journal& x) {
  auto rows = x.read(query_.after, query_.limit);
  if (!rows)
    return std::move(rows.error());
  page_.last = query_.after;
  for (const auto& row : *rows) {
    auto made = from_json_text<episode>(row.record.body);
    if (!made)
      return std::move(made.error());
    page_.episodes.push_back(std::move(*made));
    page_.last = row.sequence;
  }
  return {};
}

void page_task::finish(buffer_memory&, const caf::error& failed) {
  if (failed)
    refuse(failed);
  else
    answer(std::move(page_));
}

// -- learning -----------------------------------------------------------------

void learn_task::finish(buffer_memory&, const caf::error& failed) {
  if (failed)
    return refuse(failed);
  if (promise_)
    std::exchange(promise_, std::nullopt)->deliver(learned{signals_});
}

void learn_task::refuse(const caf::error& reason) {
  if (promise_)
    std::exchange(promise_, std::nullopt)->deliver(reason);
}

consolidate_task::consolidate_task(
  caf::typed_response_promise<consolidation_report> promise,
  const buffer_memory& memory)
  : answering_task(std::move(promise)),
    begun_(std::chrono::steady_clock::now()),
    plan_(plan_consolidation(memory.held.samples(memory.held.size()),
                             memory.options->capacity)) {
  for (const auto& merger : plan_.mergers) {
    auto stays = memory.held.find(merger.stays);
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

void consolidate_task::finish(buffer_memory& memory, const caf::error& failed) {
  if (failed)
    return refuse(failed);
  std::set<std::int64_t> gone(plan_.pruned.begin(), plan_.pruned.end());
  for (const auto& merger : plan_.mergers)
    gone.insert(merger.go.begin(), merger.go.end());
  memory.held.remove(gone);
  for (auto& [sequence, x] : merged_)
    memory.held.replace(sequence, std::move(x));
  plan_.report.took = std::chrono::steady_clock::now() - begun_;
  plan_.report.success_rate = memory.learned->metrics.success_rate();
  answer(std::move(plan_.report));
}

// -- flushing -----------------------------------------------------------------

caf::error flush_task::run(journal& x) {
  sequence_ = x.learned().sequence;
  if (directory_.empty())
    return {};
  return write_summary(directory_, x.learned().metrics, &x.files());
}

void flush_task::finish(buffer_memory& memory, const caf::error& failed) {
  if (failed || spoiled_)
    return refuse(failed ? failed : spoiled_);
  if (promise_)
    std::exchange(promise_, std::nullopt)
      ->deliver(flush_ack{memory.stored - stored_before_, sequence_});
}

void flush_task::refuse(const caf::error& reason) {
  if (promise_)
    std::exchange(promise_, std::nullopt)->deliver(reason);
}

} // namespace hololoom
