#pragma once

#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/shard.hpp>

#include <cstdint>
#include <string>
#include <vector>

/// The messages of the yarn graph, the memory of shards.

namespace hololoom {

/// Keep these shards. Answered once they are on disk and can be found.
struct remember_request {
  std::vector<shard> shards = {};
  /// Files that were read anew: their other shards (with that `source` in the
  /// metadata, and not among `shards`) are forgotten.
  std::vector<std::string> sources = {};

  static constexpr auto fields() {
    return members(member("shards", &remember_request::shards),
                   member("sources", &remember_request::sources));
  }
  bool operator==(const remember_request&) const = default;
};

struct remember_ack {
  std::int64_t added = 0;
  /// Known before under the same id, with other content.
  std::int64_t replaced = 0;
  /// Known before, word for word.
  std::int64_t unchanged = 0;
  /// Forgotten, because their source no longer has them.
  std::int64_t removed = 0;
  /// In memory now.
  std::int64_t total = 0;

  static constexpr auto fields() {
    using t = remember_ack;
    return members(member("added", &t::added), member("replaced", &t::replaced),
                   member("unchanged", &t::unchanged),
                   member("removed", &t::removed), member("total", &t::total));
  }
  bool operator==(const remember_ack&) const = default;
};

/// Find shards.
struct recall_request {
  std::string text = {};
  std::int64_t limit = 6;

  static constexpr auto fields() {
    using t = recall_request;
    return members(member("text", &t::text), member("limit", &t::limit));
  }
  bool operator==(const recall_request&) const = default;
};

struct recall_result {
  std::vector<hit> hits = {};

  static constexpr auto fields() {
    return members(member("hits", &recall_result::hits));
  }
  bool operator==(const recall_result&) const = default;
};

struct yarn_status_query {
  static constexpr auto fields() { return members(); }
  bool operator==(const yarn_status_query&) const = default;
};

struct yarn_status {
  std::int64_t shards = 0;
  bool degraded = false;
  std::string problem = {};
  bool durable = true;

  static constexpr auto fields() {
    using t = yarn_status;
    return members(
      member("shards", &t::shards), member("degraded", &t::degraded),
      member("problem", &t::problem), member("durable", &t::durable));
  }
  bool operator==(const yarn_status&) const = default;
};

/// The yarn graph.
using yarn_actor = caf::typed_actor<answers<remember_ack, remember_request>,
                                    answers<recall_result, recall_request>,
                                    answers<yarn_status, yarn_status_query>>;

} // namespace hololoom

HOLOLOOM_INSPECTED_ONCE(hololoom::recall_result)
