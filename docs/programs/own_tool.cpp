// Two tools of the program's own, one of which can fail.
#include <hololoom/hololoom.hpp>

#include <algorithm>
#include <iostream>

using namespace hololoom;

namespace {

/// Spells a word backwards: "reverse loom".
class reverse_tool : public tool {
public:
  std::string_view name() const override { return "reverse"; }

  double cue(const query& asked, const features&) const override {
    return asked.text.starts_with("reverse ") ? 6 : -4;
  }

  caf::expected<tool_result> run(const tool_input& in) const override {
    auto word = in.asked.text.substr(8);
    if (word.empty())
      return caf::make_error(errc::invalid_query, "reverse needs a word");
    std::reverse(word.begin(), word.end());
    return tool_result{.response = word, .confidence = 1};
  }
};

double wants_sky(const query& asked, const features&) {
  return asked.text.find("sky") != std::string::npos ? 3 : -4;
}

caf::expected<tool_result> look_at_sky(const tool_input&) {
  return tool_result{.response = "It is blue.", .confidence = 0.9};
}

tool_registry my_tools() {
  auto tools = builtin_tools();
  for (const auto& mine : {tool_ptr{std::make_shared<reverse_tool>()},
                           make_tool("sky", wants_sky, look_at_sky)})
    if (auto refused = tools.add(mine))
      finish(refused);
  return tools;
}

} // namespace

int main() {
  auto settings = config::bare();
  settings.weave.epsilon = 0; // else it tries another tool now and then
  auto loom = loom::open(settings, {.tools = my_tools()});
  if (!loom)
    finish(loom.error());
  for (auto text : {"reverse loom", "what colour is the sky?", "reverse "}) {
    auto woven = loom->weave(text);
    if (!woven)
      return std::cerr << explain(woven.error()) << '\n', 1;
    std::cout << woven->tool_used << ": " << woven->response << '\n';
    for (const auto& problem : woven->trace.errors)
      std::cout << "  " << problem.error << '\n';
    auto good = woven->trace.errors.empty();
    if (auto learned = loom->reflect(*woven, {.helpful = good}); !learned)
      return std::cerr << explain(learned.error()) << '\n', 1;
  }
  auto metrics = loom->reflection_metrics();
  if (!metrics)
    return std::cerr << explain(metrics.error()) << '\n', 1;
  std::cout << "episodes: " << metrics->total_cycles << '\n';
}
