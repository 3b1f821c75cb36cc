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
  /// Whether the loom chose by itself.
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
  /// Metadata that could not be read.
  std::vector<std::string> warnings;
};

/// The span of time to look at: what the query's metadata say (`since`,
/// `until`: ISO 8601; `episode`), or, if its words ask for something recent
/// ("today", "latest"), the card's: 1 day for bare, 7 for fast, 365 for fused.
/// Otherwise all of it: the age of a document says little of its worth, so that
/// recency only weighs, by the card's bias.
window_setup set_up_window(const query_view& view, const attributes& metadata,
                           const pattern_card& card, timestamp at);

// -- 3. thread_selection ------------------------------------------------------

struct thread_selection {
  /// Best first.
  std::vector<scored> threads;
  std::vector<std::string> warnings;
};

/// The candidates: shards of the window, ranked by relevance and recency. A
/// window that the words of the query narrowed and that holds nothing is given
/// up, with a warning.
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
  /// Whether time was up before it was done.
  bool incomplete = false;
};

/// Motifs of the query, its embedding at the card's largest scale, and the
/// spectrum of the entities that query and candidates name together.
extracted_features extract_features(const query_view& view,
                                    const pattern_card& card,
                                    const shard_index& memory,
                                    const std::vector<scored>& threads,
                                    const time_limit& limit);

// -- 5. warp_tensioning -------------------------------------------------------

/// The candidates under tension, by recency and relevance.
warp_space tension_warp(const shard_index& memory,
                        const std::vector<scored>& threads,
                        const extracted_features& extracted);

// -- 6. retrieval -------------------------------------------------------------

struct retrieved {
  /// Best first.
  std::vector<found_shard> shards;
  /// The query's pull on each thread of the warp.
  std::vector<double> attention;
  /// Cosine of the query and the threads' mean under that pull: how near the
  /// memory comes to what was asked, as a whole.
  double context_similarity = 0;
};

/// The card's k best of the candidates: 60 % of the score are the card's
/// search, 25 % the share of the query's terms, and 15 % the query's pull on
/// the thread in the warp, by which recency weighs in.
retrieved retrieve(const query_view& view, const pattern_card& card,
                   const shard_index& memory,
                   const std::vector<scored>& threads, const warp_space& warp,
                   const features& seen);

// -- 7. convergence -----------------------------------------------------------

struct decision {
  action_plan plan;
  /// That the tool is the right one, in 0..1.
  double confidence = 0;
  attributes statistics;
};

/// Chooses the tool.
/// @returns `errc::unknown_tool` if no registered tool is for this query.
caf::expected<decision> converge(const query& asked, const features& seen,
                                 const tool_registry& tools,
                                 const policy_snapshot& learned,
                                 const shuttle_options& options,
                                 random_generator& rng);

// -- 8. tool_execution --------------------------------------------------------

/// Runs a tool; what it throws becomes `errc::internal`.
caf::expected<tool_result> execute_tool(const tool_registry& tools,
                                        const std::string& name,
                                        const tool_input& in);

// -- 9. spacetime_assembly ----------------------------------------------------

/// Everything that the other steps left behind.
struct weave_outcome {
  std::string id;
  const weave_request* request = nullptr;
  /// So far: times, errors, warnings.
  weaving_trace trace;
  std::optional<card_selection> selected;
  std::vector<std::string> thread_ids;
  std::optional<extracted_features> extracted;
  std::vector<found_shard> shards;
  std::optional<decision> decided;
  std::optional<tool_result> made;
  /// Something was left out.
  bool degraded = false;
  timestamp created_at;
};

/// The spacetime. Its confidence is that of the choice times the tool's own,
/// and a tenth of the choice's for a tool that failed.
spacetime assemble(weave_outcome outcome);

} // namespace hololoom
