#include <hololoom/actors/shuttle/tools/tool.hpp>
#include <hololoom/actors/shuttle/weave/prior.hpp>
#include <hololoom/actors/shuttle/weave/relevance.hpp>
#include <hololoom/messages/json/value.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>
#include <utility>

namespace hololoom {

namespace {

constexpr std::size_t most_results = 10;
/// The search looks at more shards, since several may come from one file.
constexpr std::size_t wider = 2 * most_results;

/// The best shards of the whole memory.
std::vector<found_shard> look_wider(const tool_input& in,
                                    const query_view& wanted) {
  search_options how;
  how.limit = wider;
  std::vector<found_shard> result;
  for (const auto& hit : in.memory->search(wanted, how)) {
    if (in.limit.over())
      break;
    result.push_back(
      {in.memory->at(hit.which), hit.score, hit.similarity, hit.coverage});
  }
  return result;
}

json as_json(const found_shard& x, const std::string& text) {
  auto result = json::object();
  result["id"] = x.found.id;
  result["score"] = x.score;
  result["source"] = source_of(x.found);
  result["snippet"] = text;
  return result;
}

std::string as_line(std::size_t place, const found_shard& x,
                    const std::string& text) {
  std::array<char, 32> score{};
  std::snprintf(score.data(), score.size(), "%.2f", x.score);
  return std::to_string(place) + ". " + source_of(x.found) + " (" + score.data()
       + "): " + text;
}

/// The query without "find" or "search for", which no document has.
query_view what_to_find(const tool_input& in) {
  auto rest = text_to_find(in.asked.text);
  return rest.empty() ? in.view : in.memory->view(rest);
}

class search_tool final : public tool {
public:
  std::string_view name() const override { return "search"; }

  double cue(const query& asked, const features&) const override {
    return find_cues(asked.text).looks_up ? 5.0 : 0.5;
  }

  caf::expected<tool_result> run(const tool_input& in) const override {
    auto wanted = what_to_find(in);
    query_profile profile{wanted, *in.memory->vectors()};
    tool_result result;
    result.details.set("hits", json::array());
    double best = 0;
    std::set<std::string> listed;
    for (const auto& x : look_wider(in, wanted)) {
      if (listed.size() == most_results)
        break;
      // The best shard of each file is enough.
      if (x.coverage <= 0 || !listed.insert(source_of(x.found)).second)
        continue;
      auto text = snippet(x.found.text, profile);
      result.details.values()["hits"].push_back(as_json(x, text));
      if (!result.response.empty())
        result.response += "\n";
      result.response += as_line(listed.size(), x, text);
      result.sources.push_back(source_of(x.found));
      best = std::max(best, x.coverage);
    }
    result.details.set("count", listed.size());
    if (listed.empty())
      result.response = "Nothing that I remember matches this.";
    result.confidence = listed.empty() ? 0.1 : 0.15 + 0.75 * best;
    return result;
  }
};

} // namespace

tool_ptr make_search_tool() {
  return std::make_shared<search_tool>();
}

} // namespace hololoom
