#include <hololoom/actors/shuttle/tools/tool_call.hpp>
#include <hololoom/actors/shuttle/weave/steps/steps.hpp>
#include <hololoom/actors/shuttle/weave/weave.hpp>
#include <hololoom/messages/json/value.hpp>

#include <cmath>
#include <exception>
#include <utility>

namespace hololoom {

namespace {

std::string in_ms(millis x) {
  return std::to_string(std::lround(x.count())) + " ms";
}

} // namespace

struct weave_run::impl {
  impl(const weave_setting& s, weave_order o, random_generator& r)
    : setting(s),
      order(std::move(o)),
      rng(r),
      memory(order.memory ? order.memory : shard_index::empty()),
      learned(order.policy ? order.policy
                           : std::make_shared<const policy_snapshot>()),
      progress(order.progress ? order.progress
                              : std::make_shared<weave_progress>()),
      began(setting.clock()),
      outcome{} {
    outcome.id = order.id;
    outcome.request = &order.request;
    outcome.created_at = outcome.trace.start_time = setting.wall_clock();
    outcome.trace.warnings = order.warnings;
    outcome.degraded = !order.warnings.empty();
    if (!order.memory)
      warn("there is no memory to search");
  }

  // -- keeping the trace ------------------------------------------------------

  void warn(std::string sentence) {
    outcome.trace.warnings.push_back(std::move(sentence));
  }

  void warn(std::vector<std::string> sentences) {
    for (auto& sentence : sentences)
      warn(std::move(sentence));
  }

  void fail(weave_stage stage, const caf::error& err) {
    outcome.trace.errors.push_back(
      {std::string{name_of(stage)}, explain(err), to_string(code_of(err))});
    outcome.degraded = true;
  }

  void left_out(weave_stage stage) {
    outcome.degraded = true;
    warn(std::string{name_of(stage)}
         + " ran out of time; its partial result was used");
  }

  void note_warp(std::string op, std::size_t count) {
    outcome.trace.warp_operations.push_back(
      {setting.wall_clock(), std::move(op), static_cast<std::int64_t>(count)});
  }

  // -- running a step ---------------------------------------------------------

  /// Runs `f` as `stage`, timed, within its limit. If `f` throws, the weave
  /// goes on without its result.
  /// @returns whether `f` ran to its end.
  template <class F>
  bool step(weave_stage stage, F f) {
    progress->stage = stage;
    if (budget && budget->whole().over()) {
      out_of_time(stage);
      return false;
    }
    auto start = setting.clock();
    auto completed = true;
    try {
      auto limit = budget ? budget->for_stage(stage) : time_limit{};
      f(limit);
    } catch (const tool_threw& e) {
      fail(stage, failure(errc::tool_failed, e.what()));
      completed = false;
    } catch (const std::exception& e) {
      fail(stage, failure(errc::internal, e.what()));
      completed = false;
    } catch (...) {
      fail(stage, failure(errc::internal, "something was thrown that is not a "
                                          "std::exception"));
      completed = false;
    }
    outcome.trace.stage_durations[std::string{name_of(stage)}] +=
      millis{setting.clock() - start};
    return completed;
  }

  /// Reports, once, that the deadline passed before `stage`.
  void out_of_time(weave_stage stage) {
    if (expired)
      return;
    expired = true;
    auto asked = progress->stop.stop_requested();
    fail(stage, asked ? failure(errc::cancelled, "the weave was cancelled "
                                                 "before this step")
                      : failure(errc::deadline_exceeded,
                                "the deadline of " + in_ms(budget->total())
                                  + " passed before this step; give it longer, "
                                    "or a lighter card"));
  }

  // -- the steps --------------------------------------------------------------

  void select() {
    step(weave_stage::pattern_selection, [&](const time_limit&) {
      outcome.selected = select_card(order.request, *learned, setting.options);
      if (!outcome.selected->choice.warning.empty())
        warn(outcome.selected->choice.warning);
    });
    auto total = outcome.selected ? outcome.selected->deadline
                                  : setting.options.max_deadline;
    budget.emplace(setting.clock, order.admitted, total,
                   progress->stop.get_token());
  }

  void gather() {
    const auto& asked = order.request.asked;
    const auto& card = outcome.selected->card;
    step(weave_stage::temporal_setup, [&](const time_limit&) {
      view = memory->view(asked.text);
      when = set_up_window(view, asked.metadata, card, outcome.created_at);
      warn(when.warnings);
    });
    step(weave_stage::thread_selection, [&](const time_limit&) {
      auto cap = static_cast<std::size_t>(setting.options.max_threads);
      auto chosen = choose_threads(*memory, view, when, cap);
      threads = std::move(chosen.threads);
      warn(std::move(chosen.warnings));
      for (const auto& thread : threads)
        outcome.thread_ids.emplace_back(memory->id(thread.which));
    });
    step(weave_stage::feature_extraction, [&](const time_limit& limit) {
      outcome.extracted = extract_features(view, card, *memory, threads, limit);
      if (outcome.extracted->incomplete)
        left_out(weave_stage::feature_extraction);
    });
  }

  void look_up() {
    if (!outcome.extracted)
      outcome.extracted.emplace();
    step(weave_stage::warp_tensioning, [&](const time_limit&) {
      warp = tension_warp(*memory, threads, *outcome.extracted);
      note_warp("tension", warp.size());
    });
    step(weave_stage::retrieval, [&](const time_limit&) {
      auto found = retrieve(view, outcome.selected->card, *memory, threads,
                            warp, outcome.extracted->seen);
      outcome.shards = std::move(found.shards);
      attributes metrics;
      metrics.set("attention_entropy", entropy(found.attention));
      metrics.set("context_similarity", found.context_similarity);
      outcome.trace.analytical_metrics = std::move(metrics);
    });
  }

  void decide() {
    step(weave_stage::convergence, [&](const time_limit&) {
      auto made = converge(order.request.asked, outcome.extracted->seen,
                           *setting.tools, *learned, setting.options, rng);
      if (made)
        outcome.decided = std::move(*made);
      else
        fail(weave_stage::convergence, made.error());
    });
  }

  void execute() {
    if (!outcome.decided)
      return;
    step(weave_stage::tool_execution, [&](const time_limit& limit) {
      tool_input in{
        order.request.asked, outcome.extracted->seen, view, outcome.shards,
        memory.get(),        outcome.created_at,      limit};
      auto made =
        execute_tool(*setting.tools, outcome.decided->plan.chosen_tool, in);
      if (!made) {
        fail(weave_stage::tool_execution, made.error());
        return;
      }
      outcome.made = std::move(*made);
      if (limit.over())
        left_out(weave_stage::tool_execution);
    });
  }

  // -- data -------------------------------------------------------------------

  const weave_setting& setting;
  weave_order order;
  random_generator& rng;
  shard_index_ptr memory;
  policy_ptr learned;
  std::shared_ptr<weave_progress> progress;
  std::chrono::steady_clock::time_point began;
  std::optional<weave_budget> budget;
  query_view view;
  window_setup when;
  std::vector<scored> threads;
  warp_space warp;
  weave_outcome outcome;
  bool expired = false;
};

weave_run::weave_run(const weave_setting& setting, weave_order order,
                     random_generator& rng)
  : impl_(std::make_unique<impl>(setting, std::move(order), rng)) {}

weave_run::~weave_run() = default;

std::optional<remember_request> weave_run::run() {
  impl_->select();
  if (!impl_->outcome.selected)
    return std::nullopt;
  impl_->gather();
  impl_->look_up();
  impl_->decide();
  impl_->execute();
  const auto& made = impl_->outcome.made;
  if (made && made->effect)
    return made->effect->remember;
  return std::nullopt;
}

void weave_run::effect_done(const remember_ack& ack) {
  auto& made = impl_->outcome.made;
  if (made && made->effect && made->effect->report)
    impl_->step(weave_stage::tool_execution, [&](const time_limit&) {
      made->response =
        call_tool(impl_->outcome.decided->plan.chosen_tool, "report",
                  [&] { return made->effect->report(ack); });
    });
}

void weave_run::effect_failed(const caf::error& err) {
  impl_->outcome.made.reset();
  impl_->fail(weave_stage::tool_execution, err);
}

millis weave_run::remaining() const {
  return impl_->budget ? impl_->budget->whole().remaining()
                       : impl_->setting.options.max_deadline;
}

spacetime weave_run::finish() {
  auto& x = *impl_;
  x.progress->stage = weave_stage::spacetime_assembly;
  auto start = x.setting.clock();
  if (x.warp.size() > 0) {
    x.outcome.trace.tensor_field_stats = x.warp.statistics();
    x.note_warp("detension", x.warp.collapse());
  }
  auto result = assemble(std::move(x.outcome));
  auto end = x.setting.clock();
  auto& trace = result.trace;
  trace.stage_durations[std::string{name_of(weave_stage::spacetime_assembly)}] =
    millis{end - start};
  trace.end_time = x.setting.wall_clock();
  trace.duration = millis{end - x.began};
  result.metadata.set("duration_ms", trace.duration.count());
  return result;
}

spacetime error_spacetime(std::string id, const weave_request& request,
                          weave_stage stage, const caf::error& err) {
  spacetime result;
  result.id = std::move(id);
  result.query_text = request.asked.text;
  result.response = "Error: " + explain(err);
  result.tool_used = "error";
  result.created_at = result.trace.start_time = result.trace.end_time = now();
  result.trace.errors.push_back(
    {std::string{name_of(stage)}, explain(err), to_string(code_of(err))});
  result.metadata.set("status", "error");
  result.metadata.set("error_type", to_string(code_of(err)));
  result.metadata.set("duration_ms", 0.0);
  result.metadata.set("threads_activated", 0);
  return result;
}

} // namespace hololoom
