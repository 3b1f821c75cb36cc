#pragma once

#include <hololoom/actors/memory/index/shard_index.hpp>
#include <hololoom/actors/shuttle/options.hpp>
#include <hololoom/actors/shuttle/tools/tool.hpp>
#include <hololoom/actors/shuttle/weave/budget.hpp>
#include <hololoom/actors/shuttle/weave/features/spectral.hpp>
#include <hololoom/actors/shuttle/weave/features/warp.hpp>
#include <hololoom/actors/shuttle/weave/pattern_card.hpp>
#include <hololoom/actors/shuttle/weave/prior.hpp>
#include <hololoom/messages/shuttle.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The nine steps of a weave, each a function that a test can call alone.

namespace hololoom {

// -- 1. pattern_selection -----------------------------------------------------

struct card_selection {
  /// With the scales that the embedder has.
  pattern_card card;
  card_choice choice;
  /// Whether the loom chose automatically.
  bool automatic = false;
  /// For the whole weave.
  millis deadline{0};
};

/// Chooses the card and with it the deadline. A caller's deadline of at most
/// 5 s narrows the choice of "auto"; a longer one lets it choose by length.
card_selection select_card(const weave_request& request,
                           const policy_snapshot& learned,
                           const shuttle_options& options);

// -- 2. temporal_setup --------------------------------------------------------

struct window_setup {
  temporal_window window;
  /// Whether the query itself asks for a span of time.
  bool narrowed = false;
  /// One for each piece of metadata that could not be read.
  std::vector<std::string> warnings;
};

/// The span of time to search: the one in the query's metadata (`since`,
/// `until`: ISO 8601; `episode`), or, if its words ask for something recent
/// ("today", "latest"), the card's: 1 day for bare, 7 for fast, 365 for fused.
/// Otherwise all time: age says little about a document's worth, so that
/// recency is only weighed, by the card's bias.
window_setup set_up_window(const query_view& view, const attributes& metadata,
                           const pattern_card& card, timestamp at);

// -- 3. thread_selection ------------------------------------------------------

struct thread_selection {
  /// Best first.
  std::vector<scored> threads;
  std::vector<std::string> warnings;
};

/// The candidates: shards of the window, ranked by relevance and recency. If
/// the query's words narrowed the window and it is empty, all time is searched,
/// with a warning.
thread_selection choose_threads(const shard_index& memory,
                                const query_view& view,
                                const window_setup& when, std::size_t cap);

// -- 4. feature_extraction ----------------------------------------------------

struct extracted_features {
  features seen;
  std::vector<motif> motifs;
  /// With the card's spectral features on.
  std::optional<spectral_summary> spectrum;
  /// The vectors of the first candidates, `[candidate][scale]`.
  std::vector<std::vector<float>> candidates;
  /// Whether time ran out.
  bool incomplete = false;
};

/// Motifs of the query, its embedding at the card's largest scale, and the
/// spectrum of the entities in query and candidates.
extracted_features extract_features(const query_view& view,
                                    const pattern_card& card,
                                    const shard_index& memory,
                                    const std::vector<scored>& threads,
                                    const time_limit& limit);

// -- 5. warp_tensioning -------------------------------------------------------

/// The candidates as threads, tensioned by recency and relevance.
warp_space tension_warp(const shard_index& memory,
                        const std::vector<scored>& threads,
                        const extracted_features& extracted);

// -- 6. retrieval -------------------------------------------------------------

struct retrieved {
  /// Best first.
  std::vector<found_shard> shards;
  /// The query's pull on each thread of the warp.
  std::vector<double> attention;
  /// Cosine of the query and the threads' mean under that pull: how close the
  /// memory as a whole is to the query.
  double context_similarity = 0;
};

/// The card's k best candidates: 60 % of the score is the card's search, 25 %
/// the share of the query's terms, and 15 % the query's pull on the thread in
/// the warp, through which recency counts.
retrieved retrieve(const query_view& view, const pattern_card& card,
                   const shard_index& memory,
                   const std::vector<scored>& threads, const warp_space& warp,
                   const features& seen);

// -- 7. convergence -----------------------------------------------------------

struct decision {
  action_plan plan;
  /// Confidence in the choice, in 0..1.
  double confidence = 0;
  attributes statistics;
};

/// Chooses the tool.
/// @returns `errc::unknown_tool` if no registered tool suits the query.
caf::expected<decision> converge(const query& asked, const features& seen,
                                 const tool_registry& tools,
                                 const policy_snapshot& learned,
                                 const shuttle_options& options,
                                 random_generator& rng);

// -- 8. tool_execution --------------------------------------------------------

/// Runs a tool.
/// @throws tool_threw
caf::expected<tool_result> execute_tool(const tool_registry& tools,
                                        const std::string& name,
                                        const tool_input& in);

// -- 9. spacetime_assembly ----------------------------------------------------

/// The results of the other steps.
struct weave_outcome {
  std::string id;
  const weave_request* request = nullptr;
  /// Times, errors and warnings so far.
  weaving_trace trace;
  std::optional<card_selection> selected;
  std::vector<std::string> thread_ids;
  std::optional<extracted_features> extracted;
  std::vector<found_shard> shards;
  std::optional<decision> decided;
  std::optional<tool_result> made;
  /// Whether a step failed or ran out of time.
  bool degraded = false;
  timestamp created_at;
};

/// Makes the spacetime. Its confidence is the choice's times the tool's; for a
/// failed tool, a tenth of the choice's.
spacetime assemble(weave_outcome outcome);

} // namespace hololoom
