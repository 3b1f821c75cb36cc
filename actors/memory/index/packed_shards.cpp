#include <hololoom/actors/memory/index/packed_shards.hpp>
#include <hololoom/messages/json/value.hpp>

#include <atomic>
#include <cassert>
#include <functional>
#include <utility>

namespace hololoom::detail {

namespace {

std::uint64_t next_serial() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

/// Everything but id and text as JSON, without empty parts.
std::string rest_of(const shard& x) {
  json rest = json::object();
  if (x.episode)
    rest["e"] = *x.episode;
  if (!x.entities.empty())
    rest["n"] = x.entities;
  if (!x.motifs.empty())
    rest["m"] = x.motifs;
  if (!x.metadata.empty())
    rest["d"] = x.metadata.values();
  return rest.empty() ? std::string{} : to_text(rest);
}

std::int64_t time_of(const shard& x) {
  auto i = x.metadata.values().find("time");
  if (i == x.metadata.values().end() || !i->is_string())
    return packed_shard::no_time;
  auto t = parse_iso8601(i->get_ref<const std::string&>());
  return t ? t->time_since_epoch().count() : packed_shard::no_time;
}

} // namespace

std::uint64_t episode_hash(std::string_view name) {
  return std::hash<std::string_view>{}(name) | 1U;
}

shard unpack(const packed_shard& x) {
  shard result;
  result.id = x.id();
  result.text = x.text();
  if (x.rest_size == 0)
    return result;
  auto rest = json::parse(x.rest(), nullptr, false);
  if (auto i = rest.find("e"); i != rest.end())
    result.episode = i->get<std::string>();
  if (auto i = rest.find("n"); i != rest.end())
    result.entities = i->get<std::vector<std::string>>();
  if (auto i = rest.find("m"); i != rest.end())
    result.motifs = i->get<std::vector<std::string>>();
  if (auto i = rest.find("d"); i != rest.end())
    result.metadata = attributes{std::move(*i)};
  return result;
}

void packed_shards::add(const std::vector<shard>& shards) {
  auto first = list_.size();
  std::string bytes;
  std::size_t expected = 0;
  for (const auto& x : shards)
    expected += x.id.size() + x.text.size() + 400;
  bytes.reserve(expected);
  for (const auto& x : shards) {
    auto rest = rest_of(x);
    packed_shard packed;
    packed.id_size = static_cast<std::uint32_t>(x.id.size());
    packed.text_size = static_cast<std::uint32_t>(x.text.size());
    packed.rest_size = static_cast<std::uint32_t>(rest.size());
    packed.time = time_of(x);
    packed.episode_hash = x.episode ? episode_hash(*x.episode) : 0;
    packed.serial = next_serial();
    bytes.append(x.id).append(x.text).append(rest);
    list_.push_back(packed);
  }
  bytes.shrink_to_fit();
  own(std::move(bytes), first);
}

void packed_shards::copy_bytes(std::size_t first) {
  std::size_t size = 0;
  for (auto i = first; i < list_.size(); ++i)
    size += list_[i].size();
  std::string bytes;
  bytes.reserve(size);
  for (auto i = first; i < list_.size(); ++i)
    bytes.append(list_[i].bytes, list_[i].size());
  own(std::move(bytes), first);
}

void packed_shards::own(std::string bytes, std::size_t first) {
  auto made = std::make_shared<const std::string>(std::move(bytes));
  const auto* at = made->data();
  for (auto i = first; i < list_.size(); ++i) {
    list_[i].bytes = at;
    at += list_[i].size();
  }
  assert(at == made->data() + made->size());
  blocks_.push_back(std::move(made));
}

std::size_t packed_shards::bytes() const {
  auto result = list_.size() * sizeof(packed_shard);
  for (const auto& x : blocks_)
    result += x->size();
  return result;
}

} // namespace hololoom::detail
