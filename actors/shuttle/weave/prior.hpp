#pragma once

#include <hololoom/actors/shuttle/tools/tool.hpp>
#include <hololoom/actors/shuttle/weave/convergence.hpp>
#include <hololoom/messages/episode.hpp>

#include <string>
#include <string_view>
#include <vector>

/// The policy: what the words of a query say for each tool, and what was
/// learned of the tools, as one probability each.

namespace hololoom {

/// What speaks for the built-in tools in the words of a query.
struct query_cues {
  /// In arithmetic: 0 none, 1 digits with a hyphen or slash that may be a date
  /// or a name, 2 clearly arithmetic.
  int arithmetic = 0;
  /// It begins like an order to look something up: "find", "search for".
  bool looks_up = false;
  /// It begins like an order to keep something: "note that", "remember".
  bool keeps = false;
  /// It asks, or wants something explained.
  bool asks = false;
};

query_cues find_cues(std::string_view text);

/// The text that an order to keep something is about: "buy milk" in "note that
/// buy milk", "please remember: buy milk". Empty if there is none.
std::string_view text_to_keep(std::string_view text);

/// What an order to look something up is about: "the licence" in "please find
/// the licence". Empty if it is no such order.
std::string_view text_to_find(std::string_view text);

/// Each tool as an arm of the bandit, in the order of the registry.
///
/// p = softmax(cue + experience * ln(mean / 0.5)), where mean is the posterior
/// mean of the tool's reward: one that was never rewarded or is unknown counts
/// only by its cue. A tool with side effects and no positive cue gets p = 0.
/// Explorable are tools without side effects whose p is at least a twentieth of
/// the best: trying a hopeless one teaches nothing. A query whose metadata say
/// `allow_side_effects: true` has every tool treated alike.
std::vector<arm> weigh_tools(const tool_registry& tools, const query& asked,
                             const features& seen,
                             const policy_snapshot& learned, double experience);

} // namespace hololoom
