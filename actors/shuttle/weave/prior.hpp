#pragma once

#include <hololoom/actors/shuttle/tools/tool.hpp>
#include <hololoom/actors/shuttle/weave/convergence.hpp>
#include <hololoom/messages/episode.hpp>

#include <string>
#include <string_view>
#include <vector>

/// The policy: combines the cues in a query's words with the learned rewards
/// into one probability for each tool.

namespace hololoom {

/// The cues for the built-in tools in the words of a query.
struct query_cues {
  /// Arithmetic: 0 for none, 1 for digits with a hyphen or slash that may be a
  /// date or a name, 2 for clear arithmetic.
  int arithmetic = 0;
  /// It begins with a command to look something up: "find", "search for".
  bool looks_up = false;
  /// It begins with a command to keep something: "note that", "remember".
  bool keeps = false;
  /// It is a question, or asks for an explanation.
  bool asks = false;
};

query_cues find_cues(std::string_view text);

/// The object of a command to keep something: "buy milk" in "note that buy
/// milk" and "please remember: buy milk". Empty for any other text.
std::string_view text_to_keep(std::string_view text);

/// The object of a command to look something up: "the licence" in "please find
/// the licence". Empty for any other text.
std::string_view text_to_find(std::string_view text);

/// Each tool as an arm of the bandit, in the order of the registry.
///
/// p = softmax(cue + experience * ln(mean / 0.5)), where mean is the posterior
/// mean of the tool's reward; without rewards, only the cue counts. A tool with
/// side effects and no positive cue gets p = 0. A tool is explorable if it has
/// no side effects and its p is at least a twentieth of the best: trying a
/// hopeless tool teaches nothing. With `allow_side_effects: true` in the
/// query's metadata, tools with side effects are treated like the others.
std::vector<arm> weigh_tools(const tool_registry& tools, const query& asked,
                             const features& seen,
                             const policy_snapshot& learned, double experience);

} // namespace hololoom
