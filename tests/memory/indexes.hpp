#pragma once

#include <hololoom/actors/memory/index/shard_index.hpp>

#include <random>
#include <string>
#include <utility>
#include <vector>

/// Indexes of small corpora, and searches in them.
namespace hololoom::test {

inline shard make(std::string id, std::string text) {
  shard x;
  x.id = std::move(id);
  x.text = std::move(text);
  return x;
}

/// The shards of the demo.
inline std::vector<shard> demo() {
  auto shards = std::vector{
    make("shard_001", "Thompson Sampling is a Bayesian approach to the "
                      "multi-armed bandit problem."),
    make("shard_002", "Exploration tries new options, exploitation uses what "
                      "worked: a bandit balances both."),
    make("shard_003", "Lifecycle management makes sure that resources are "
                      "cleaned up when a scope ends.")};
  for (auto& x : shards)
    x.episode = "docs";
  return shards;
}

struct question : search_options {
  std::string text;
};

inline question ask(std::string text, std::size_t limit = 6) {
  question result;
  result.text = std::move(text);
  result.limit = limit;
  return result;
}

inline std::vector<scored> search(const shard_index& index, const question& x) {
  return index.search(index.view(x.text), x);
}

/// Ids, best first, with their scores.
inline std::vector<std::pair<std::string, double>>
found(const shard_index& index, const question& request) {
  std::vector<std::pair<std::string, double>> result;
  for (const auto& x : search(index, request))
    result.emplace_back(index.id(x.which), x.score);
  return result;
}

inline std::string best(const shard_index& index, const question& request) {
  auto hits = search(index, request);
  return hits.empty() ? "" : std::string{index.id(hits[0].which)};
}

/// Texts of words from a small vocabulary, so that many share terms.
inline std::vector<shard> random_shards(std::size_t count, unsigned seed,
                                        const std::string& prefix = "r") {
  std::mt19937 random{seed};
  std::vector<shard> result;
  for (std::size_t i = 0; i < count; ++i) {
    std::string text;
    for (auto n = 5 + random() % 40; n > 0; --n) {
      auto word = random() % (1 + random() % 400);
      text += "word" + std::to_string(word) + ' ';
    }
    result.push_back(make(prefix + std::to_string(i), text));
  }
  return result;
}

} // namespace hololoom::test
