#include <hololoom/actors/supervision/records/end_list.hpp>

#include <algorithm>

namespace hololoom {

namespace {

constexpr std::size_t most_listed = 1000;

bool ended_well(ended how) {
  return how == ended::shutdown || how == ended::normal;
}

} // namespace

void end_list::add(child_outcome o) {
  auto well = ended_well(o.how);
  if (well ? well_ > most_listed : !lists(o.kind, o.how))
    return add_more(o.kind, o.how, 1, o.took, o.forced);
  ++tallies_[{o.kind, o.how}].listed;
  listed_.push_back(std::move(o));
  if (well && ++well_ > most_listed)
    sum_up_the_well();
}

bool end_list::lists(const std::string& kind, ended how) const {
  auto i = tallies_.find({kind, how});
  return i == tallies_.end() || i->second.listed < most_listed;
}

void end_list::add_more(const std::string& kind, ended how, std::size_t count,
                        millis slowest, bool forced) {
  auto& t = tallies_[{kind, how}];
  t.more += count;
  t.took = std::max(t.took, slowest);
  t.forced = t.forced || forced;
}

void end_list::add_sums(const end_list& other) {
  for (const auto& [key, t] : other.tallies_) {
    if (t.more == 0)
      continue;
    add_more(key.first, key.second, t.more, t.took, t.forced);
    if (ended_well(key.second))
      well_ = std::max(well_, most_listed + 1);
  }
  if (well_ > most_listed)
    sum_up_the_well();
}

void end_list::sum_up_the_well() {
  std::vector<child_outcome> rest;
  for (auto& x : std::exchange(listed_, {})) {
    if (!ended_well(x.how)) {
      rest.push_back(std::move(x));
      continue;
    }
    --tallies_[{x.kind, x.how}].listed;
    add_more(x.kind, x.how, 1, x.took, x.forced);
  }
  listed_ = std::move(rest);
}

std::vector<child_outcome> end_list::lines() const {
  auto result = listed_;
  for (const auto& [key, t] : tallies_) {
    if (t.more == 0)
      continue;
    child_outcome o;
    o.name = std::to_string(t.more) + (t.listed > 0 ? " more " : " ")
           + key.first + " children";
    o.kind = key.first;
    o.how = key.second;
    o.took = t.took;
    o.forced = t.forced;
    result.push_back(std::move(o));
  }
  return result;
}

} // namespace hololoom
