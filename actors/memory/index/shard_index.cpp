#include <hololoom/actors/memory/index/shard_index.hpp>
#include <hololoom/actors/memory/index/shard_search.hpp>

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

namespace hololoom {

using detail::dead_bits;
using detail::index_part;
using detail::index_state;
using detail::packed_shard;
using detail::segment;
using detail::segment_view;

struct shard_index::impl {
  index_state state;
};

// -- the state ----------------------------------------------------------------

namespace detail {

const index_part& index_state::part_of(ordinal which) const {
  auto after = std::upper_bound(
    parts.begin(), parts.end(), which,
    [](ordinal x, const index_part& part) { return x < part.first; });
  return *std::prev(after);
}

const packed_shard& index_state::packed(ordinal which) const {
  const auto& part = part_of(which);
  return (*part.seg)[which - part.first];
}

ordinal index_state::end() const {
  return parts.empty() ? 0 : parts.back().first + parts.back().seg->size();
}

std::size_t index_state::frequency(std::string_view term) const {
  std::size_t result = 0;
  for (const auto& part : parts) {
    if (!part.dead)
      result += part.seg->frequency(term);
    else
      part.seg->for_each_posting(term, [&](std::uint32_t i, std::uint32_t) {
        result += part.alive(i) ? 1 : 0;
      });
  }
  return result;
}

double index_state::idf(std::size_t frequency) const {
  auto n = static_cast<double>(frequency);
  return std::log(1 + (static_cast<double>(live) - n + 0.5) / (n + 0.5));
}

double index_state::idf(std::string_view term) const {
  return idf(frequency(term));
}

std::shared_ptr<const std::vector<float>>
index_state::vector_of(ordinal which) const {
  const auto& x = packed(which);
  return cache->get(x.serial, [&] {
    auto heading = unpack(x).metadata.text("heading");
    if (heading.empty())
      return vectors->encode(x.text());
    return vectors->encode(heading + '\n' + std::string{x.text()});
  });
}

namespace {

/// Segments grow by this factor from level to level, and at most so many stay
/// on one level: a shard is merged once for each level it passes.
constexpr std::size_t fanout = 4;

std::size_t level_of(std::size_t live) {
  std::size_t level = 0;
  for (; live >= fanout; live /= fanout)
    ++level;
  return level;
}

index_part make_part(segment_ptr seg) {
  index_part result;
  result.live = seg->size();
  result.length = seg->length();
  result.seg = std::move(seg);
  return result;
}

/// Joins the last segments as long as there are too many of their size.
void merge_tail(std::vector<index_part>& parts) {
  for (;;) {
    // Whatever is as small as the last or smaller is one run with it.
    auto level = parts.empty() ? 0 : level_of(parts.back().live);
    auto run = parts.size();
    while (run > 0 && level_of(parts[run - 1].live) <= level)
      --run;
    if (parts.size() - run < fanout)
      return;
    std::vector<segment_view> views(parts.begin() + static_cast<long>(run),
                                    parts.end());
    auto joined = make_part(segment::merge(views));
    parts.resize(run);
    parts.push_back(std::move(joined));
  }
}

/// Numbers the shards and sums up.
void settle(index_state& state) {
  std::erase_if(state.parts, [](const index_part& x) { return x.live == 0; });
  for (auto& part : state.parts)
    if (const segment_view& view = part;
        std::size_t{part.live} * 2 < part.seg->size())
      part = make_part(segment::merge({&view, 1}));
  merge_tail(state.parts);
  state.live = 0;
  state.length = 0;
  ordinal next = 0;
  for (auto& part : state.parts) {
    part.first = next;
    next += part.seg->size();
    state.live += part.live;
    state.length += part.length;
  }
}

/// Marks shards of one index as dead; copies a part's bits when the first of
/// its shards dies.
class reaper {
public:
  explicit reaper(index_state& state)
    : state_(state), bits_(state.parts.size()) {}

  void bury(std::string_view id) {
    for (std::size_t p = 0; p < bits_.size(); ++p) {
      auto& part = state_.parts[p];
      auto i = part.seg->find(id);
      if (!i || !part.alive(*i) || (bits_[p] && (*bits_[p])[*i]))
        continue;
      if (!bits_[p])
        bits_[p] = part.dead ? std::make_shared<dead_bits>(*part.dead)
                             : std::make_shared<dead_bits>(part.seg->size());
      (*bits_[p])[*i] = true;
      --part.live;
      part.length -= (*part.seg)[*i].terms;
      return;
    }
  }

  void finish() {
    for (std::size_t p = 0; p < bits_.size(); ++p)
      if (bits_[p])
        state_.parts[p].dead = bits_[p];
  }

private:
  index_state& state_;
  std::vector<std::shared_ptr<dead_bits>> bits_;
};

/// Of several shards with one id the last one stays, in its place.
void keep_last(std::vector<shard>& shards) {
  std::unordered_map<std::string_view, std::size_t> last;
  for (std::size_t i = 0; i < shards.size(); ++i)
    last[shards[i].id] = i;
  if (last.size() == shards.size())
    return;
  std::vector<shard> kept;
  for (std::size_t i = 0; i < shards.size(); ++i)
    if (last[shards[i].id] == i)
      kept.push_back(shards[i]);
  shards = std::move(kept);
}

} // namespace

} // namespace detail

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
  auto& state = made->state;
  detail::keep_last(added);
  detail::reaper reaper{state};
  for (const auto& id : removed)
    reaper.bury(id);
  for (const auto& x : added)
    reaper.bury(x.id);
  reaper.finish();
  if (!added.empty())
    state.parts.push_back(detail::make_part(segment::build(added)));
  detail::settle(state);
  return std::make_shared<const shard_index>(std::move(made));
}

shard_index_ptr shard_index::join(std::span<const shard_index_ptr> parts) {
  auto made = std::make_unique<impl>(*parts.front()->impl_);
  auto& all = made->state.parts;
  for (const auto& x : parts.subspan(1)) {
    const auto& more = x->impl_->state.parts;
    all.insert(all.end(), more.begin(), more.end());
  }
  detail::settle(made->state);
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

std::optional<timestamp> shard_index::time(ordinal which) const {
  auto t = impl_->state.packed(which).time;
  if (t == packed_shard::no_time)
    return std::nullopt;
  return timestamp{std::chrono::microseconds{t}};
}

std::optional<ordinal> shard_index::find(std::string_view id) const {
  for (const auto& part : impl_->state.parts)
    if (auto i = part.seg->find(id); i && part.alive(*i))
      return part.first + *i;
  return std::nullopt;
}

std::vector<ordinal> shard_index::all() const {
  std::vector<ordinal> result;
  result.reserve(size());
  for (const auto& part : impl_->state.parts)
    for (std::uint32_t i = 0; i < part.seg->size(); ++i)
      if (part.alive(i))
        result.push_back(part.first + i);
  return result;
}

std::size_t shard_index::bytes() const {
  std::size_t result = 0;
  for (const auto& part : impl_->state.parts)
    result += part.seg->bytes();
  return result;
}

// -- searching ----------------------------------------------------------------

std::vector<scored>
shard_index::search(const retrieval_request& request) const {
  detail::shard_filter allowed;
  if (request.among) {
    std::vector<bool> chosen(impl_->state.end());
    for (auto which : *request.among)
      if (which < chosen.size())
        chosen[which] = true;
    allowed = [chosen = std::move(chosen)](ordinal which, const packed_shard&) {
      return static_cast<bool>(chosen[which]);
    };
  }
  return detail::search(impl_->state, request, allowed);
}

std::vector<scored> shard_index::select_threads(const temporal_window& window,
                                                std::string_view query,
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
  retrieval_request request;
  request.text = query;
  // Recency may lift what relevance alone would have cut off.
  request.limit = std::max(impl_->state.limits.candidates, cap);
  auto found = detail::search(impl_->state, request, allowed);
  for (auto& x : found) {
    const auto& packed = impl_->state.packed(x.which);
    if (packed.time != packed_shard::no_time)
      x.score *= window.recency_weight(time_of(packed));
  }
  std::stable_sort(
    found.begin(), found.end(),
    [](const scored& x, const scored& y) { return x.score > y.score; });
  if (found.size() > cap)
    found.resize(cap);
  return found;
}

double shard_index::idf(std::string_view term) const {
  return impl_->state.idf(term);
}

std::vector<float> shard_index::encode_query(std::string_view text) const {
  return impl_->state.vectors->encode_query(
    text, [this](std::string_view term) { return idf(term); });
}

const encoder_ptr& shard_index::vectors() const {
  return impl_->state.vectors;
}

} // namespace hololoom
