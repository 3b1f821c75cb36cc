#pragma once

#include <hololoom/messages/attributes.hpp>
#include <hololoom/messages/describe.hpp>
#include <hololoom/messages/time.hpp>

#include <array>
#include <string>
#include <vector>

namespace hololoom {

/// A piece of remembered text.
struct shard {
  /// Unique in a memory. A shard stored again under its id replaces the old.
  std::string id = {};
  /// UTF-8, not empty.
  std::string text = {};
  /// The document or conversation it belongs to.
  maybe<std::string> episode = {};
  std::vector<std::string> entities = {};
  std::vector<std::string> motifs = {};
  /// Known keys: `source` (the file it was read from, as text), `offset` (its
  /// first byte there), `time` (ISO 8601, the age that recency weighs).
  attributes metadata = {};

  static constexpr auto fields() {
    return members(
      member("id", &shard::id), member("text", &shard::text),
      member("episode", &shard::episode), member("entities", &shard::entities),
      member("motifs", &shard::motifs), member("metadata", &shard::metadata));
  }
  static constexpr std::array required{"id", "text"};
  bool operator==(const shard&) const = default;
};

/// A shard that retrieval found.
struct hit {
  shard found = {};
  /// In 0..1, relative to the other shards of the same search.
  double score = 0;

  static constexpr auto fields() {
    return members(member("shard", &hit::found), member("score", &hit::score));
  }
  bool operator==(const hit&) const = default;
};

} // namespace hololoom

HOLOLOOM_INSPECTED_ONCE(hololoom::shard)
