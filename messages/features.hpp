#pragma once

#include <hololoom/messages/attributes.hpp>
#include <hololoom/messages/describe.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace hololoom {

/// The range of a motif in its text, in code points: `[start, end)`.
struct text_span {
  std::int64_t start = 0;
  std::int64_t end = 0;

  static constexpr auto fields() {
    return members(member("start", &text_span::start),
                   member("end", &text_span::end));
  }
  static constexpr bool json_array = true;
  bool operator==(const text_span&) const = default;
};

/// A recurring figure, recognised in a text.
struct motif {
  std::string pattern = {};
  text_span span = {};
  /// In 0..1.
  double score = 0;
  attributes metadata = {};

  static constexpr auto fields() {
    return members(member("pattern", &motif::pattern),
                   member("span", &motif::span), member("score", &motif::score),
                   member("metadata", &motif::metadata));
  }
  bool operator==(const motif&) const = default;
};

/// A query as the policy sees it.
struct features {
  /// The query's embedding at the card's largest scale, L2-normalised.
  std::vector<double> psi = {};
  /// Motif patterns, in the order of recognition.
  std::vector<std::string> motifs = {};
  /// Named measurements, such as `coherence`, `fiedler` and `topic_var`.
  std::map<std::string, double> metrics = {};
  /// In 0..1.
  double confidence = 1;
  attributes metadata = {};

  static constexpr auto fields() {
    return members(member("psi", &features::psi),
                   member("motifs", &features::motifs),
                   member("metrics", &features::metrics),
                   member("confidence", &features::confidence),
                   member("metadata", &features::metadata));
  }
  bool operator==(const features&) const = default;
};

/// The policy's decision.
struct action_plan {
  std::string chosen_tool = {};
  std::string adapter = {};
  std::map<std::string, double> tool_probs = {};
  attributes metadata = {};

  static constexpr auto fields() {
    return members(member("chosen_tool", &action_plan::chosen_tool),
                   member("adapter", &action_plan::adapter),
                   member("tool_probs", &action_plan::tool_probs),
                   member("metadata", &action_plan::metadata));
  }
  bool operator==(const action_plan&) const = default;
};

} // namespace hololoom

HOLOLOOM_INSPECTED_ONCE(hololoom::features)
