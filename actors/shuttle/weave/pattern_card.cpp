#include <hololoom/actors/memory/text/text.hpp>
#include <hololoom/actors/shuttle/weave/pattern_card.hpp>
#include <hololoom/messages/describe.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace hololoom {

namespace {

using namespace std::chrono_literals;

pattern_card make_bare() {
  pattern_card c;
  c.kind = card_kind::bare;
  c.name = "Bare Threading";
  c.scales = {96};
  c.fusion_weights = {{96, 1.0}};
  c.k = 3;
  c.pipeline_timeout = 2s;
  return c;
}

pattern_card make_fast() {
  pattern_card c;
  c.kind = card_kind::fast;
  c.name = "Fast Threading";
  c.scales = {96, 192};
  c.fusion_weights = {{96, 0.4}, {192, 0.6}};
  c.structural_motifs = true;
  c.spectral = true;
  c.k = 6;
  c.bm25 = true;
  c.bm25_weight = 0.10;
  c.pipeline_timeout = 4s;
  return c;
}

pattern_card make_fused() {
  pattern_card c;
  c.kind = card_kind::fused;
  c.name = "Fused Threading";
  c.scales = {96, 192, 384};
  c.fusion_weights = {{96, 0.25}, {192, 0.35}, {384, 0.40}};
  c.structural_motifs = true;
  c.spectral = true;
  c.fused_retrieval = true;
  c.k = 10;
  c.bm25 = true;
  c.bm25_weight = 0.15;
  c.pipeline_timeout = 8s;
  return c;
}

card_kind by_time(millis limit) {
  if (limit <= 2500ms)
    return card_kind::bare;
  return limit <= 5000ms ? card_kind::fast : card_kind::fused;
}

bool fits(card_kind kind, std::optional<millis> remaining) {
  return !remaining || *remaining >= card_for(kind).pipeline_timeout;
}

card_choice select_auto(const card_choice_input& in, card_choice choice) {
  auto length = choice.query_length;
  if (in.max_timeout && *in.max_timeout > 0ms) {
    choice.kind = by_time(*in.max_timeout);
    choice.reason = "resource_constraints=max_timeout "
                  + std::to_string(std::lround(in.max_timeout->count()))
                  + " ms";
  } else if (length == 0) {
    choice.kind = card_kind::fast;
    choice.reason = "default_pattern";
  } else if (in.learned && fits(*in.learned, in.remaining)) {
    choice.kind = *in.learned;
    choice.reason = "learned_preference=" + std::string{name_of(*in.learned)};
  } else {
    // With an unknown amount of time, the slowest card is a risk.
    auto roomy = in.remaining && fits(card_kind::fused, in.remaining);
    choice.kind = length < 50            ? card_kind::bare
                : length < 150 || !roomy ? card_kind::fast
                                         : card_kind::fused;
    choice.reason =
      "auto_select_from_query (len=" + std::to_string(length) + ")";
  }
  return choice;
}

} // namespace

std::optional<card_kind> parse_card(std::string_view name) {
  auto wanted = lower_ascii(name);
  for (const auto& [kind, text] : enumerators(card_kind{}))
    if (text == wanted)
      return kind;
  return std::nullopt;
}

bool is_auto(std::string_view name) {
  return lower_ascii(name) == "auto";
}

const pattern_card& card_for(card_kind kind) {
  static const std::array cards{make_bare(), make_fast(), make_fused()};
  return cards[std::min<std::size_t>(static_cast<std::size_t>(kind), 2)];
}

pattern_card restrict_scales(pattern_card card,
                             const std::vector<std::int64_t>& available) {
  if (available.empty())
    return card;
  auto known = [&](std::int64_t scale) {
    return std::find(available.begin(), available.end(), scale)
        != available.end();
  };
  std::erase_if(card.scales, [&](auto scale) { return !known(scale); });
  std::erase_if(card.fusion_weights,
                [&](const auto& entry) { return !known(entry.first); });
  if (card.scales.empty())
    card.scales = {*std::min_element(available.begin(), available.end())};
  double sum = 0;
  for (auto scale : card.scales)
    sum += card.fusion_weights[scale];
  for (auto& [scale, weight] : card.fusion_weights)
    weight =
      sum > 0 ? weight / sum : 1.0 / static_cast<double>(card.scales.size());
  return card;
}

card_choice select_pattern(const card_choice_input& in) {
  card_choice choice;
  choice.query_length =
    static_cast<std::int64_t>(count_code_points(in.query_text));
  auto automatic = is_auto(in.configured);
  if (in.preference) {
    if (auto kind = parse_card(*in.preference)) {
      choice.kind = *kind;
      choice.reason = "user_preference=" + std::string{name_of(*kind)};
      return choice;
    }
    if (is_auto(*in.preference))
      automatic = true;
    else
      choice.warning = "there is no card \"" + *in.preference
                     + "\"; choose bare, fast, fused or auto";
  }
  if (!automatic) {
    if (auto kind = parse_card(in.configured)) {
      choice.kind = *kind;
      choice.reason = "config_mode=" + std::string{name_of(*kind)};
      return choice;
    }
    choice.warning = "there is no card \"" + in.configured
                   + "\"; the config may say bare, fast, fused or auto";
  }
  return select_auto(in, std::move(choice));
}

void card_history::add(card_kind kind) {
  entries_.push_back(kind);
  if (entries_.size() > limit_)
    entries_.pop_front();
}

std::map<std::string, std::int64_t> card_history::distribution() const {
  std::map<std::string, std::int64_t> result;
  for (auto kind : entries_)
    ++result[std::string{name_of(kind)}];
  return result;
}

} // namespace hololoom
