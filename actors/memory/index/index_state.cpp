#include <hololoom/actors/memory/index/index_state.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

namespace hololoom::detail {

namespace {

/// Segments grow by this factor from level to level, and fewer than so many
/// stay on one level: a shard is merged once for each level it passes.
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
    // Segments no larger than the last one belong to the same run.
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

/// Marks shards of one index as dead. Other snapshots share a part's bits, so
/// the first death in a part copies them.
class reaper {
public:
  explicit reaper(std::vector<index_part>& parts)
    : parts_(parts), bits_(parts.size()) {}

  void bury(std::string_view id) {
    for (std::size_t p = 0; p < bits_.size(); ++p) {
      auto& part = parts_[p];
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
        parts_[p].dead = bits_[p];
  }

private:
  std::vector<index_part>& parts_;
  std::vector<std::shared_ptr<dead_bits>> bits_;
};

} // namespace

const index_part& index_state::part_of(ordinal which) const {
  assert(which < end());
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

double index_state::idf(std::string_view term) const {
  auto n = static_cast<double>(frequency(term));
  return std::log(1 + (static_cast<double>(live) - n + 0.5) / (n + 0.5));
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

void index_state::replace(std::span<const std::string> removed,
                          const std::vector<shard>& added) {
  reaper reaper{parts};
  for (const auto& id : removed)
    reaper.bury(id);
  for (const auto& x : added)
    reaper.bury(x.id);
  reaper.finish();
  if (!added.empty())
    parts.push_back(make_part(segment::build(added)));
  settle();
}

void index_state::settle() {
  std::erase_if(parts, [](const index_part& x) { return x.live == 0; });
  for (auto& part : parts)
    if (const segment_view& view = part;
        std::size_t{part.live} * 2 < part.seg->size())
      part = make_part(segment::merge({&view, 1}));
  merge_tail(parts);
  live = 0;
  length = 0;
  ordinal next = 0;
  for (auto& part : parts) {
    assert(part.live <= part.seg->size());
    part.first = next;
    next += part.seg->size();
    live += part.live;
    length += part.length;
  }
}

} // namespace hololoom::detail
