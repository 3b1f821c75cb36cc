#include <hololoom/actors/memory/index/index_state.hpp>
#include <hololoom/actors/memory/index/keep_last.hpp>
#include <hololoom/actors/memory/index/shard_index.hpp>
#include <hololoom/actors/memory/index/shard_search.hpp>

#include <algorithm>
#include <cassert>
#include <utility>

namespace hololoom {

using detail::packed_shard;

struct shard_index::impl {
  detail::index_state state;
};

// -- making -------------------------------------------------------------------

shard_index::shard_index(std::unique_ptr<const impl> made)
  : impl_(std::move(made)) {}

shard_index::~shard_index() = default;

shard_index_ptr shard_index::empty(encoder_ptr with, index_limits limits) {
  auto made = std::make_unique<impl>();
  made->state.vectors = std::move(with);
  made->state.limits = limits;
  made->state.cache =
    std::make_shared<detail::vector_cache>(limits.cached_vectors);
  return std::make_shared<const shard_index>(std::move(made));
}

shard_index_ptr shard_index::build(std::vector<shard> shards, encoder_ptr with,
                                   index_limits limits) {
  return empty(std::move(with), limits)->with(std::move(shards));
}

shard_index_ptr shard_index::with(std::vector<shard> added,
                                  std::span<const std::string> removed) const {
  auto made = std::make_unique<impl>(*impl_);
  detail::keep_last(added);
  made->state.replace(removed, added);
  return std::make_shared<const shard_index>(std::move(made));
}

shard_index_ptr shard_index::join(std::span<const shard_index_ptr> parts) {
  assert(!parts.empty());
  auto made = std::make_unique<impl>(*parts.front()->impl_);
  auto& all = made->state.parts;
  for (const auto& x : parts.subspan(1)) {
    const auto& more = x->impl_->state.parts;
    all.insert(all.end(), more.begin(), more.end());
  }
  made->state.settle();
  return std::make_shared<const shard_index>(std::move(made));
}

// -- reading ------------------------------------------------------------------

std::size_t shard_index::size() const {
  return impl_->state.live;
}

shard shard_index::at(ordinal which) const {
  return detail::unpack(impl_->state.packed(which));
}

std::string_view shard_index::id(ordinal which) const {
  return impl_->state.packed(which).id();
}

std::string_view shard_index::text(ordinal which) const {
  return impl_->state.packed(which).text();
}

std::optional<ordinal> shard_index::find(std::string_view id) const {
  for (const auto& part : impl_->state.parts)
    if (auto i = part.seg->find(id); i && part.alive(*i))
      return part.first + *i;
  return std::nullopt;
}

std::vector<ordinal> shard_index::all() const {
  return detail::everything(impl_->state, {});
}

std::size_t shard_index::bytes() const {
  std::size_t result = 0;
  for (const auto& part : impl_->state.parts)
    result += part.seg->bytes();
  return result;
}

// -- searching ----------------------------------------------------------------

query_view shard_index::view(std::string_view text) const {
  return detail::analyse(impl_->state, text);
}

std::vector<scored> shard_index::search(const query_view& query,
                                        const search_options& how) const {
  detail::shard_filter allowed;
  if (how.among) {
    std::vector<bool> chosen(impl_->state.end());
    for (auto which : *how.among)
      if (which < chosen.size())
        chosen[which] = true;
    allowed = [chosen = std::move(chosen)](ordinal which, const packed_shard&) {
      return static_cast<bool>(chosen[which]);
    };
  }
  return detail::search(impl_->state, query, how, allowed);
}

std::vector<scored> shard_index::select_threads(const query_view& query,
                                                const temporal_window& window,
                                                std::size_t cap) const {
  auto time_of = [](const packed_shard& x) {
    return timestamp{std::chrono::microseconds{x.time}};
  };
  auto episode = window.episode ? detail::episode_hash(*window.episode) : 0;
  auto allowed = [&](ordinal, const packed_shard& x) {
    if (episode != 0 && x.episode_hash != episode)
      return false;
    return x.time == packed_shard::no_time
        || (window.contains(time_of(x)) && window.young_enough(time_of(x)));
  };
  search_options how;
  // Recency may lift shards that relevance alone would have cut off.
  how.limit = std::max(impl_->state.limits.candidates, cap);
  auto found = detail::search(impl_->state, query, how, allowed);
  for (auto& x : found) {
    const auto& packed = impl_->state.packed(x.which);
    if (packed.time != packed_shard::no_time)
      x.score *= window.recency_weight(time_of(packed));
  }
  detail::keep_best(found, cap);
  return found;
}

const encoder_ptr& shard_index::vectors() const {
  return impl_->state.vectors;
}

} // namespace hololoom
