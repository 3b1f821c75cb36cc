#pragma once

#include <hololoom/actors/memory/index/shard_index.hpp>
#include <hololoom/actors/shuttle/weave/budget.hpp>
#include <hololoom/messages/features.hpp>
#include <hololoom/messages/query.hpp>
#include <hololoom/messages/yarn.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// shuttle/tools: what a weave can do to answer a query. A user's own tool
/// derives from `tool` and is registered by name beside the built-in ones:
/// `answer`, `search`, `calc` and `note`, a file each. Tools know no actors; a
/// tool that changes something returns an effect. The room may include weave/
/// (for what judges queries and sentences), memory/text, memory/index and
/// messages.

namespace hololoom {

/// A shard that retrieval found, and measures of how well it fits.
struct found_shard {
  shard found = {};
  /// In 0..1, relative to the others.
  double score = 0;
  /// Cosine to the query: absolute.
  double similarity = 0;
  /// Share of the query's terms in it, weighted by rarity, in 0..1: absolute.
  double coverage = 0;
};

/// The input of a tool. Valid during `run`.
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
  timestamp at = {};
  /// A tool that takes long checks it now and then.
  time_limit limit = {};
};

/// Makes the final response once an effect is done.
using effect_report = std::function<std::string(const remember_ack&)>;

/// A change to be made outside the tool before the weave ends. Tools know no
/// actors: the weaver asks the yarn graph, and answers the caller after it.
struct tool_effect {
  remember_request remember = {};
  /// Makes the response once it is done; null: the response does not change.
  effect_report report = {};
};

/// The result of a tool.
struct tool_result {
  std::string response = {};
  /// The tool's confidence that the response answers the query, in 0..1.
  double confidence = 0;
  /// File paths or shard ids, best first; repetitions are removed.
  std::vector<std::string> sources = {};
  std::optional<tool_effect> effect = {};
  /// Details, for the spacetime's metadata under "tool_result".
  attributes details = {};
};

/// The source that a spacetime names for `found`: its file, or else its id.
std::string source_of(const shard& found);

/// One way to answer queries. Immutable: shared by all weavers, called from
/// several threads at once.
class tool {
public:
  virtual ~tool();

  /// Unique among the registered tools.
  virtual std::string_view name() const = 0;

  /// How much the query's words suggest this tool, as a logit: 0 is neutral, 3
  /// a clear hint, and below -2 the tool would make no sense. The built-in ones
  /// answer: `answer` 2.5 to a question and 2 otherwise, `search` 5 if asked to
  /// look something up and 0.5 otherwise, `calc` 6.5 to arithmetic, 0 to what
  /// may be some and -4 otherwise, `note` 5.5 if asked to keep something and -4
  /// otherwise. So 3 wins over an answer, and 6 over a search.
  virtual double cue(const query& asked, const features& seen) const = 0;

  /// Whether it changes anything outside. The loom never tries such a tool for
  /// the sake of learning, only if its cue is positive (or the query's metadata
  /// say `allow_side_effects: true`).
  virtual bool has_side_effects() const { return false; }

  /// Answers the query, or returns an error that says why it cannot. `in.limit`
  /// may ask it to stop; the shuttle abandons a tool that does not.
  virtual caf::expected<tool_result> run(const tool_input& in) const = 0;
};

using tool_ptr = std::shared_ptr<const tool>;

/// The tools of a loom, by name, in the order of registration. Immutable once
/// the weavers run.
class tool_registry {
public:
  /// Registers `x`.
  /// @returns `errc::invalid_config` if it is null, or its name is empty, taken
  ///          or "error" (which marks failed weaves).
  [[nodiscard]] caf::error add(tool_ptr x);

  /// The tool of that name, or null.
  tool_ptr find(std::string_view name) const;

  const std::vector<tool_ptr>& all() const { return tools_; }

private:
  std::vector<tool_ptr> tools_;
};

/// A tool made of two functions, of the signatures of `tool::cue` and
/// `tool::run`; both must be set. They are called from several threads at once.
///
/// ~~~
/// auto dice = make_tool(
///   "dice",
///   [](const query& asked, const features&) {
///     return asked.text.find("dice") != std::string::npos ? 6.0 : -4.0;
///   },
///   [](const tool_input&) -> caf::expected<tool_result> {
///     return tool_result{"4", 1.0};
///   });
/// if (auto refused = tools.add(dice))
///   finish(refused);
/// ~~~
tool_ptr
make_tool(std::string name,
          std::function<double(const query& asked, const features& seen)> cue,
          std::function<caf::expected<tool_result>(const tool_input& in)> run);

/// `answer`, `search`, `calc` and `note`.
tool_registry builtin_tools();

/// Answers with sentences of the retrieved shards, and their sources.
tool_ptr make_answer_tool();

/// Lists the best shards, with snippets.
tool_ptr make_search_tool();

/// Evaluates the arithmetic expression in the query.
tool_ptr make_calc_tool();

/// Writes the query's text into memory.
tool_ptr make_note_tool();

} // namespace hololoom
