#pragma once

#include <hololoom/messages/time.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hololoom {

/// How thoroughly a query is woven.
enum class card_kind : std::uint8_t {
  bare = 0,  ///< One scale, keyword motifs, few shards: fast.
  fast = 1,  ///< Two scales, all motifs.
  fused = 2, ///< Every scale, most shards: slow and thorough.
};

constexpr auto enumerators(card_kind) {
  using e = card_kind;
  return std::array{std::pair{e::bare, std::string_view{"bare"}},
                    std::pair{e::fast, std::string_view{"fast"}},
                    std::pair{e::fused, std::string_view{"fused"}}};
}

/// The card's name in any case; none for anything else, "auto" included.
std::optional<card_kind> parse_card(std::string_view name);

/// Whether `name` means "choose for me".
bool is_auto(std::string_view name);

/// The settings of a weave that a card determines. Immutable.
struct pattern_card {
  card_kind kind = card_kind::fast;
  /// For display: "Fast Threading".
  std::string name;
  /// Embedding dimensions, ascending.
  std::vector<std::int64_t> scales;
  /// The weight of each scale in retrieval; they sum to 1.
  std::map<std::int64_t, double> fusion_weights;
  /// Structural motifs in addition to keywords.
  bool structural_motifs = false;
  bool spectral = false;
  /// Search at all scales instead of the smallest alone.
  bool fused_retrieval = false;
  /// Shards to retrieve.
  std::int64_t k = 6;
  bool bm25 = false;
  double bm25_weight = 0.15;
  /// For the whole weave.
  millis pipeline_timeout{5000};

  bool operator==(const pattern_card&) const = default;
};

/// The card for `kind`. The reference is always valid.
const pattern_card& card_for(card_kind kind);

/// `card` with only the scales in `available`, its weights scaled to sum to 1
/// again. If no scale remains, the card gets the smallest available one.
pattern_card restrict_scales(pattern_card card,
                             const std::vector<std::int64_t>& available);

/// The inputs of the choice of a card.
struct card_choice_input {
  std::string_view query_text;
  /// The caller's preference: a card's name, "auto", or nothing.
  std::optional<std::string> preference;
  /// The config's choice: a card's name or "auto".
  std::string configured = "auto";
  /// For auto: no card that needs longer (up to 2.5 s bare, up to 5 s fast).
  std::optional<millis> max_timeout;
  /// For auto: the time left for the weave, if known.
  std::optional<millis> remaining;
  /// For auto: the card with the best record so far.
  std::optional<card_kind> learned;
};

struct card_choice {
  card_kind kind = card_kind::fast;
  /// "user_preference=fused", "auto_select_from_query (len=26)", ...
  std::string reason;
  /// Code points.
  std::int64_t query_length = 0;
  /// Names a preference that is not a card; usually empty.
  std::string warning;
};

/// Chooses a card. An explicit preference wins, then an explicit config. Only
/// "auto" considers the limits, the learned card and the text's length:
/// under 50 code points bare (but fast for an empty text), under 150 fast, else
/// fused if 8 s remain.
card_choice select_pattern(const card_choice_input& in);

/// The latest choices, at most `limit`. Not thread-safe.
class card_history {
public:
  explicit card_history(std::size_t limit = 1000) : limit_(limit) {}

  void add(card_kind kind);

  /// How often each card was chosen, by its short name.
  std::map<std::string, std::int64_t> distribution() const;

private:
  std::size_t limit_;
  std::deque<card_kind> entries_;
};

} // namespace hololoom
