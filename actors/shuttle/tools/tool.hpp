#pragma once

#include <hololoom/actors/memory/index/shard_index.hpp>
#include <hololoom/actors/shuttle/weave/budget.hpp>
#include <hololoom/messages/features.hpp>
#include <hololoom/messages/yarn.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Tools: what a weave can do to answer a query. A user's own tool derives from
/// `tool` and is registered by name beside the built-in ones.

namespace hololoom {

/// A shard that retrieval found, with what is known of how well it fits.
struct found_shard {
  shard found;
  /// In 0..1, relative to the others.
  double score = 0;
  /// Cosine to the query, absolute.
  double similarity = 0;
  /// Share of the query's terms it has, weighted by rarity, in 0..1, absolute.
  double coverage = 0;
};

/// What a tool works on. Valid only while `run` runs.
struct tool_input {
  const query& asked;
  const features& seen;
  /// The query, analysed for searching `memory`.
  const query_view& view;
  /// Best first.
  const std::vector<found_shard>& shards;
  /// The whole memory, for a tool that looks further; never null, maybe empty.
  const shard_index* memory = nullptr;
  /// When the query was asked.
  timestamp at;
  /// A tool that goes on for long asks it now and then.
  time_limit limit;
};

/// Finishes a response when what had to be done outside is done.
using effect_report = std::function<std::string(const remember_ack&)>;

/// Something to be done outside the tool before the weave is over. Tools stay
/// free of actors; the weaver asks the yarn graph, and answers the caller when
/// that has answered.
struct tool_effect {
  remember_request remember;
  /// The response once it is done; null: the response stays as it is.
  effect_report report;
};

/// What a tool made of a query.
struct tool_result {
  std::string response;
  /// That the response answers the query, in 0..1, in the tool's own view.
  double confidence = 0;
  /// File paths or shard ids, best first; repetitions are removed.
  std::vector<std::string> sources;
  std::optional<tool_effect> effect;
  /// More about it, for the spacetime's metadata under "tool_result".
  attributes details;
};

/// Where a spacetime says that `found` came from: its file, or else its id.
std::string source_of(const shard& found);

/// One way to answer queries. Immutable: shared by all weavers, called from
/// several threads at once.
class tool {
public:
  virtual ~tool();

  /// Unique among the registered tools.
  virtual std::string_view name() const = 0;

  /// How much the words of the query speak for this tool, as a logit: 0 is
  /// neutral, 3 is a clear hint, below -2 it would be nonsense.
  virtual double cue(const query& asked, const features& seen) const = 0;

  /// Whether it changes anything outside. Such a tool is never tried for the
  /// sake of learning, only when its cue is positive (unless the query's
  /// metadata say `allow_side_effects: true`).
  virtual bool has_side_effects() const { return false; }

  /// Answers the query, or says with an error why it cannot. May be stopped
  /// through `in.limit`; one that does not listen is abandoned by the shuttle.
  virtual caf::expected<tool_result> run(const tool_input& in) const = 0;
};

using tool_ptr = std::shared_ptr<const tool>;

/// The tools of a loom, by name, in the order of registration. Immutable once
/// the weavers run.
class tool_registry {
public:
  /// Registers `x`.
  /// @returns `errc::invalid_config` when it is null or its name is empty,
  ///          "error" (which marks failed weaves) or taken.
  caf::error add(tool_ptr x);

  /// The tool of that name, or null.
  tool_ptr find(std::string_view name) const;

  const std::vector<tool_ptr>& all() const { return tools_; }

private:
  std::vector<tool_ptr> tools_;
};

/// `answer`, `search`, `calc` and `note`.
tool_registry builtin_tools();

/// From sentences of the retrieved shards, with their sources.
tool_ptr make_answer_tool();

/// The shards themselves, ranked, with snippets.
tool_ptr make_search_tool();

/// The arithmetic expression in the query, evaluated.
tool_ptr make_calc_tool();

/// Writes the query's text into memory.
tool_ptr make_note_tool();

} // namespace hololoom
