#include <hololoom/actors/memory/index/embedder.hpp>
#include <hololoom/actors/memory/text/hash.hpp>
#include <hololoom/actors/memory/text/text.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

namespace hololoom {

encoder::~encoder() = default;

std::vector<float> encoder::encode_query(std::string_view text,
                                         const term_weights&) const {
  return encode(text);
}

namespace {

using detail::fnv1a;

/// Weights of the kinds of features. Words carry most of the meaning, pairs of
/// words recognise phrases, and the many n-grams of a word together weigh about
/// a third of the word.
constexpr double word_weight = 1.0;
constexpr double pair_weight = 0.5;
constexpr double gram_weight = 0.12;

/// Counts the features of a text; reused from text to text.
class feature_table {
public:
  struct entry {
    std::uint64_t hash = 0;
    float count = 0;
    float weight = 0;
  };

  void clear() {
    for (auto i : used_)
      slots_[i] = {};
    used_.clear();
  }

  void add(std::uint64_t hash, double weight) {
    if (used_.size() * 2 >= slots_.size())
      grow();
    auto i = place(hash);
    if (slots_[i].count == 0) {
      slots_[i] = {hash, 0, static_cast<float>(weight)};
      used_.push_back(static_cast<std::uint32_t>(i));
    }
    slots_[i].count += 1;
  }

  /// In the order of first appearance, so that sums are reproducible.
  template <class F>
  void for_each(F&& f) const {
    for (auto i : used_)
      f(slots_[i]);
  }

private:
  std::size_t place(std::uint64_t hash) const {
    auto mask = slots_.size() - 1;
    auto i = (hash ^ (hash >> 32U)) & mask;
    while (slots_[i].count != 0 && slots_[i].hash != hash)
      i = (i + 1) & mask;
    return i;
  }

  void grow() {
    auto old = std::exchange(slots_, std::vector<entry>(slots_.size() * 2));
    for (auto& i : used_) {
      auto to = place(old[i].hash);
      slots_[to] = old[i];
      i = static_cast<std::uint32_t>(to);
    }
  }

  std::vector<entry> slots_ = std::vector<entry>(4096);
  std::vector<std::uint32_t> used_;
};

/// Adds the 3- to 5-grams of bytes of `<word>`.
void add_grams(std::string_view word, double idf, feature_table& features) {
  std::string padded{'<'};
  padded.append(word).push_back('>');
  for (std::size_t i = 0; i + 3 <= padded.size(); ++i) {
    auto hash = fnv1a("g");
    auto end = std::min(i + 5, padded.size());
    for (auto j = i; j < end; ++j) {
      hash = fnv1a({&padded[j], 1}, hash);
      if (j - i >= 2)
        features.add(hash, gram_weight * idf);
    }
  }
}

void collect(std::string_view text, const term_weights* idf,
             feature_table& features) {
  constexpr std::size_t longest = 32;
  std::string before;
  auto weight_before = 0.0;
  for_each_word(text, [&](std::string_view word) {
    if (is_stop_word(word))
      return;
    auto term = stem(word);
    auto weight = idf ? (*idf)(term) : 1.0;
    features.add(fnv1a(term, fnv1a("w")), word_weight * weight);
    if (!before.empty()) {
      auto pair = fnv1a(term, fnv1a(" ", fnv1a(before, fnv1a("p"))));
      features.add(pair, pair_weight * (weight + weight_before) / 2);
    }
    if (word.size() <= longest)
      add_grams(word, weight, features);
    before = std::move(term);
    weight_before = weight;
  });
}

void scale_to_length_one(std::span<float> v) {
  auto sum = 0.0;
  for (auto x : v)
    sum += static_cast<double>(x) * x;
  if (sum <= 0)
    return;
  auto factor = static_cast<float>(1 / std::sqrt(sum));
  for (auto& x : v)
    x *= factor;
}

class hashing final : public encoder {
public:
  explicit hashing(std::size_t dimension)
    : dimension_(std::max<std::size_t>(dimension, 8)) {}

  std::vector<float> encode(std::string_view text) const override {
    return vector_of(text, nullptr);
  }

  std::vector<float> encode_query(std::string_view text,
                                  const term_weights& idf) const override {
    return vector_of(text, &idf);
  }

private:
  std::vector<float> vector_of(std::string_view text,
                               const term_weights* idf) const {
    thread_local feature_table features;
    features.clear();
    collect(text, idf, features);
    std::vector<float> result(dimension_);
    features.for_each([&](const feature_table::entry& x) {
      add(result, x.hash, (1 + std::log(x.count)) * x.weight);
    });
    scale_to_length_one(result);
    return result;
  }

  /// A feature goes to one bucket in each of the quarters [0, 1/4), [1/4, 1/2)
  /// and the half [1/2, 1) of the vector, so that every prefix that ends there
  /// has all features; the half weighs as much as both quarters, which keeps
  /// the error of the dot product at its least, 1 / dimension.
  void add(std::vector<float>& v, std::uint64_t hash, float weight) const {
    auto quarter = dimension_ / 4;
    const std::array<std::pair<std::size_t, std::size_t>, 3> parts{
      {{0, quarter},
       {quarter, dimension_ / 2 - quarter},
       {dimension_ / 2, dimension_ - dimension_ / 2}}};
    for (std::size_t i = 0; i < parts.size(); ++i) {
      // The low bits of FNV are too similar: mix, differently for each part.
      auto x = hash + (i + 1) * 0x9E3779B97F4A7C15U;
      x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
      x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
      x ^= x >> 31U;
      auto [begin, size] = parts[i];
      auto bucket = begin + (x >> 1U) % size;
      auto part_weight = i == 2 ? 0.70710678F : 0.5F;
      v[bucket] += (x & 1U) != 0 ? weight * part_weight : -weight * part_weight;
    }
  }

  std::size_t dimension_;
};

} // namespace

encoder_ptr hashing_encoder(std::size_t dimension) {
  return std::make_shared<hashing>(dimension);
}

std::vector<float> at_scale(std::span<const float> vector, std::size_t scale) {
  auto prefix = vector.first(std::min(scale, vector.size()));
  std::vector<float> result(prefix.begin(), prefix.end());
  scale_to_length_one(result);
  return result;
}

double similarity(std::span<const float> a, std::span<const float> b,
                  std::size_t scale) {
  auto size = std::min({scale, a.size(), b.size()});
  auto dot = 0.0F;
  auto aa = 0.0F;
  auto bb = 0.0F;
  for (std::size_t i = 0; i < size; ++i) {
    dot += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  if (aa <= 0 || bb <= 0)
    return 0;
  return static_cast<double>(dot)
       / std::sqrt(static_cast<double>(aa) * static_cast<double>(bb));
}

} // namespace hololoom
