#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

/// Text as vectors.

namespace hololoom {

/// How rare a search term is: its inverse document frequency, at least 0.
using term_weights = std::function<double(std::string_view term)>;

/// Turns texts into vectors. An encoder is immutable and thread-safe, and gives
/// the same text the same vector in every process.
class encoder {
public:
  virtual ~encoder();

  /// The vector of a text: `[dimension]`, of length 1, or all 0 for a text that
  /// has no features. Its prefixes are vectors too, see `at_scale`.
  virtual std::vector<float> encode(std::string_view text) const = 0;

  /// The vector of a query, with terms weighted by rarity if the encoder can;
  /// by default the same as `encode`.
  virtual std::vector<float> encode_query(std::string_view text,
                                          const term_weights& idf) const;
};

using encoder_ptr = std::shared_ptr<const encoder>;

/// A hashed bag of features: words, pairs of words, and the 3- to 5-grams of
/// characters of each word, each hashed (FNV-1a, 64 bit) to one of `dimension`
/// buckets with a sign, weighted by 1 + ln(count) and the kind of feature, and
/// for queries by the word's rarity. Documents are not weighted by rarity, so
/// that a vector stays valid when the memory grows ("lnc.ltc" in SMART's
/// notation).
///
/// It needs no model and knows no synonyms; to a search for words it adds
/// tolerance of spelling, inflection and word order.
encoder_ptr hashing_encoder(std::size_t dimension = 384);

/// The first `scale` components, scaled to length 1 again (0 stays 0). A scale
/// past the end keeps all components.
std::vector<float> at_scale(std::span<const float> vector, std::size_t scale);

/// The cosine of the angle between the first `scale` components of two vectors;
/// 0 if either is 0.
double similarity(std::span<const float> a, std::span<const float> b,
                  std::size_t scale);

} // namespace hololoom
