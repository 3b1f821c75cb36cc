#include <hololoom/actors/reflection/recent_episodes.hpp>

#include <algorithm>

namespace hololoom {

void recent_episodes::add(std::int64_t sequence, episode&& x,
                          std::size_t bytes) {
  if (all_.empty())
    complete_after_ = sequence - 1;
  all_.push_back({sequence, std::move(x), bytes});
  bytes_ += bytes;
  while (all_.size() > capacity_
         || (bytes_ > most_body_bytes && all_.size() > 1)) {
    complete_after_ = all_.front().sequence;
    bytes_ -= all_.front().bytes;
    all_.pop_front();
  }
}

void recent_episodes::replace(std::int64_t sequence, episode x) {
  auto found = std::find_if(all_.begin(), all_.end(), [&](const entry& e) {
    return e.sequence == sequence;
  });
  if (found != all_.end())
    found->what = std::move(x);
}

void recent_episodes::remove(const std::set<std::int64_t>& sequences) {
  std::erase_if(all_, [&](const entry& x) {
    auto gone = sequences.contains(x.sequence);
    bytes_ -= gone ? x.bytes : 0;
    return gone;
  });
}

const episode* recent_episodes::find(std::int64_t sequence) const {
  for (const auto& x : all_)
    if (x.sequence == sequence)
      return &x.what;
  return nullptr;
}

std::optional<std::vector<recent_episodes::entry>>
recent_episodes::page(std::int64_t after, std::int64_t limit) const {
  if (all_.empty() || after < complete_after_)
    return std::nullopt;
  auto i = std::lower_bound(all_.begin(), all_.end(), after + 1,
                            [](const entry& x, std::int64_t sequence) {
                              return x.sequence < sequence;
                            });
  std::vector<entry> result;
  for (; i != all_.end() && std::ssize(result) < limit; ++i)
    result.push_back(*i);
  return result;
}

std::vector<sample> recent_episodes::samples(std::int64_t limit) const {
  auto n = std::min<std::int64_t>(limit, size());
  std::vector<sample> result;
  result.reserve(static_cast<std::size_t>(n));
  for (auto i = all_.end() - n; i != all_.end(); ++i)
    result.push_back({i->sequence, outcome_of(i->what), merged_count(i->what)});
  return result;
}

std::vector<candidate> recent_episodes::candidates() const {
  std::vector<candidate> result;
  for (const auto& x : all_)
    if (may_be_merged(x.what))
      result.push_back({{x.sequence, outcome_of(x.what), merged_count(x.what)},
                        text_digest(x.what)});
  return result;
}

} // namespace hololoom
