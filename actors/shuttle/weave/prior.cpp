#include <hololoom/actors/memory/text/text.hpp>
#include <hololoom/actors/shuttle/tools/expression.hpp>
#include <hololoom/actors/shuttle/tools/tool_call.hpp>
#include <hololoom/actors/shuttle/weave/features/motifs.hpp>
#include <hololoom/actors/shuttle/weave/prior.hpp>
#include <hololoom/messages/json/value.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace hololoom {

namespace {

constexpr double hopeless = 0.05;

constexpr std::array polite{
  std::string_view{"please"}, std::string_view{"can you"},
  std::string_view{"could you"}, std::string_view{"would you"}};

constexpr std::array look_up_commands{
  std::string_view{"search for"}, std::string_view{"search"},
  std::string_view{"find"},       std::string_view{"look up"},
  std::string_view{"look for"},   std::string_view{"locate"},
  std::string_view{"list"},       std::string_view{"show me"}};

/// Longer commands come first: "note that" is not "note" and "that ...".
constexpr std::array keep_commands{std::string_view{"make a note that"},
                                   std::string_view{"make a note of"},
                                   std::string_view{"make a note"},
                                   std::string_view{"take a note"},
                                   std::string_view{"save a note"},
                                   std::string_view{"write a note"},
                                   std::string_view{"write down that"},
                                   std::string_view{"write down"},
                                   std::string_view{"note down"},
                                   std::string_view{"note that"},
                                   std::string_view{"note"},
                                   std::string_view{"remember that"},
                                   std::string_view{"remember"},
                                   std::string_view{"save that"},
                                   std::string_view{"save"},
                                   std::string_view{"write"}};

constexpr std::array explain_commands{
  std::string_view{"explain"},   std::string_view{"describe"},
  std::string_view{"tell me"},   std::string_view{"define"},
  std::string_view{"summarize"}, std::string_view{"summarise"}};

constexpr std::array arithmetic_commands{
  std::string_view{"what is"},   std::string_view{"what's"},
  std::string_view{"whats"},     std::string_view{"how much is"},
  std::string_view{"calculate"}, std::string_view{"compute"},
  std::string_view{"evaluate"},  std::string_view{"solve"}};

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
      || static_cast<unsigned char>(c) >= 0x80;
}

/// The length of the first of `commands` that `text` (in lower case) begins
/// with, as whole words; 0 for none.
template <std::size_t N>
std::size_t begins_with(std::string_view text,
                        const std::array<std::string_view, N>& commands) {
  for (auto command : commands)
    if (text.substr(0, command.size()) == command
        && (text.size() == command.size()
            || !is_letter_or_digit(text[command.size()])))
      return command.size();
  return 0;
}

/// Offset of the first byte that is not a space.
std::size_t skip_spaces(std::string_view text, std::size_t at) {
  auto next = text.find_first_not_of(" \t\r\n", at);
  return next == std::string_view::npos ? text.size() : next;
}

/// Offset of the command, after "please" and "could you".
std::size_t skip_politeness(std::string_view lowered) {
  auto at = skip_spaces(lowered, 0);
  while (auto length = begins_with(lowered.substr(at), polite)) {
    auto next = lowered.find_first_not_of(" \t\r\n,", at + length);
    at = next == std::string_view::npos ? lowered.size() : next;
  }
  return at;
}

/// The text after a command at the beginning of `text`.
template <std::size_t N>
std::string_view object_of(std::string_view text,
                           const std::array<std::string_view, N>& commands) {
  auto lowered = lower_ascii(text);
  auto at = skip_politeness(lowered);
  auto length = begins_with(std::string_view{lowered}.substr(at), commands);
  if (length == 0)
    return {};
  auto rest = text.substr(at + length);
  auto begin = rest.find_first_not_of(" \t\r\n:,-");
  return begin == std::string_view::npos ? std::string_view{}
                                         : trim(rest.substr(begin));
}

int arithmetic_cue(std::string_view text, std::string_view command) {
  auto found = find_expression(text);
  if (!found)
    return 0;
  auto clear = begins_with(command, arithmetic_commands) > 0
            || text.find('=') != std::string_view::npos
            || found->find_first_of(" (^%*") != std::string::npos
            || found->size() + 2 >= trim(text).size();
  return clear ? 2 : 1;
}

bool allows_side_effects(const attributes& metadata) {
  constexpr auto key = "allow_side_effects";
  return metadata.has(key) && metadata.values()[key].is_boolean()
      && metadata.values()[key].get<bool>();
}

} // namespace

query_cues find_cues(std::string_view text) {
  auto lowered = lower_ascii(text);
  auto command = std::string_view{lowered}.substr(skip_politeness(lowered));
  query_cues result;
  result.arithmetic = arithmetic_cue(text, command);
  result.looks_up = begins_with(command, look_up_commands) > 0;
  result.keeps = begins_with(command, keep_commands) > 0;
  result.asks = is_question(text) || begins_with(command, explain_commands) > 0;
  return result;
}

std::string_view text_to_keep(std::string_view text) {
  return object_of(text, keep_commands);
}

std::string_view text_to_find(std::string_view text) {
  return object_of(text, look_up_commands);
}

std::vector<arm> weigh_tools(const tool_registry& tools, const query& asked,
                             const features& seen,
                             const policy_snapshot& learned,
                             double experience) {
  std::vector<arm> arms;
  std::vector<double> logits;
  auto allowed = allows_side_effects(asked.metadata);
  for (const auto& x : tools.all()) {
    arm a;
    a.name = call_tool("?", "name", [&] { return x->name(); });
    if (auto i = learned.tools.find(a.name); i != learned.tools.end())
      a.posterior = i->second;
    auto cue = call_tool(a.name, "cue", [&] { return x->cue(asked, seen); });
    a.explorable = allowed || !call_tool(a.name, "has_side_effects", [&] {
                     return x->has_side_effects();
                   });
    auto refused = !std::isfinite(cue) || (!a.explorable && cue <= 0);
    auto mean = std::clamp(a.posterior.mean(), 1e-3, 1.0);
    logits.push_back(refused ? -std::numeric_limits<double>::infinity()
                             : cue + experience * std::log(mean / 0.5));
    arms.push_back(std::move(a));
  }
  auto probabilities = softmax(logits);
  double best = 0;
  for (auto p : probabilities)
    best = std::max(best, p);
  for (std::size_t i = 0; i < arms.size(); ++i) {
    auto refused = std::isinf(logits[i]);
    arms[i].probability = refused ? 0.0 : probabilities[i];
    arms[i].explorable &= probabilities[i] >= hopeless * best;
  }
  return arms;
}

} // namespace hololoom
