#include <hololoom/actors/reflection/repair/salvage.hpp>
#include <hololoom/actors/storage/sqlite_format/pages.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace hololoom {

namespace {

template <class T>
std::optional<T> decoded(const sqlite::row& from) {
  T result;
  return decode(from, result) ? std::optional{std::move(result)} : std::nullopt;
}

/// Collects the intact rows. Rows arrive in the order of writing, so that a
/// later one replaces an earlier one; doubtful rows arrive last and only fill
/// gaps.
class collector {
public:
  /// The columns that a row does not have are null. Its checksum tells which
  /// table it is from.
  void take(const sqlite::row& row, bool doubtful) {
    auto has = [&](std::size_t width) {
      return !row.is_null(static_cast<int>(width) - 1);
    };
    static_assert(spacetime_width == adjustment_width);
    if (has(oldest_episode_width)) {
      if (auto x = decoded<episode_row>(row))
        take_episode(std::move(*x), doubtful);
    } else if (has(spacetime_width)) {
      if (auto spacetime = decoded<spacetime_row>(row))
        put(found_.spacetimes, std::move(*spacetime), doubtful);
      else if (auto x = decoded<adjustment_row>(row))
        put(found_.adjustments, std::move(*x), doubtful);
    } else if (has(learned_width)) {
      if (auto x = decoded<learned_row>(row))
        take_learned(std::move(*x), doubtful);
    }
  }

  salvaged finish() {
    drop_doubtful_baseline();
    if (found_.baseline) {
      const auto& baseline = *found_.baseline;
      found_.known = std::max(found_.known, baseline.sequence);
      // Rows that retention had dropped are left in stale pages.
      std::erase_if(found_.episodes, [&](const auto& x) {
        return x.first <= baseline.sequence;
      });
      std::erase_if(found_.adjustments, [&](const auto& x) {
        return x.first <= baseline.adjustments;
      });
    }
    return std::move(found_);
  }

private:
  void take_episode(episode_row x, bool doubtful) {
    auto sequence = x.sequence;
    if (!doubtful)
      found_.known = std::max(found_.known, sequence);
    else if (found_.episodes.contains(sequence) || !is_new(x.id))
      return;
    found_.episodes[sequence] = std::move(x);
  }

  /// Whether no episode has this id yet. An episode whose transaction failed
  /// may have been stored again, under another number.
  bool is_new(const std::string& id) {
    if (!ids_) {
      ids_.emplace();
      for (const auto& [sequence, x] : found_.episodes)
        ids_->insert(x.id);
    }
    return ids_->insert(id).second;
  }

  void take_learned(learned_row x, bool doubtful) {
    if (x.kind == learned_kind::current) {
      if (!doubtful)
        found_.known = std::max(found_.known, x.state.sequence);
    } else if (!doubtful || !found_.baseline) {
      found_.baseline = std::move(x.state);
      baseline_doubtful_ = doubtful;
    }
  }

  template <class T>
  static void put(std::map<std::int64_t, T>& to, T x, bool doubtful) {
    auto number = x.number;
    if (doubtful)
      to.try_emplace(number, std::move(x));
    else
      to[number] = std::move(x);
  }

  /// A doubtful baseline is wrong if an episode that it has dropped is here.
  void drop_doubtful_baseline() {
    if (found_.baseline && baseline_doubtful_ && !found_.episodes.empty()
        && found_.episodes.begin()->first <= found_.baseline->sequence)
      found_.baseline.reset();
  }

  salvaged found_;
  bool baseline_doubtful_ = false;
  std::optional<std::set<std::string>> ids_;
};

} // namespace

std::int64_t salvaged::last() const {
  return episodes.empty() ? known : std::max(known, episodes.rbegin()->first);
}

caf::expected<salvaged> salvage(const std::filesystem::path& file,
                                const std::filesystem::path& scratch) {
  collector result;
  std::map<std::int64_t, std::string> ids;
  page_visitor visitor;
  visitor.row = [&](const sqlite::row& x, bool doubtful) {
    result.take(x, doubtful);
  };
  visitor.entry = [&](std::string_view id, std::int64_t number) {
    ids[number] = id;
  };
  visitor.columns = episode_width;
  if (auto err = read_pages(file, scratch, visitor))
    return err;
  auto found = result.finish();
  found.ids = std::move(ids);
  return found;
}

} // namespace hololoom
