#include <hololoom/actors/reflection/repair/salvage.hpp>
#include <hololoom/actors/storage/sqlite_format/pages.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace hololoom {

namespace {

template <class T>
std::optional<T> decoded(const sqlite::row& from) {
  T result;
  return decode(from, result) ? std::optional{std::move(result)} : std::nullopt;
}

/// Collects the rows. They arrive in the order of writing, so that a later one
/// replaces an earlier one; doubtful rows arrive last and only fill gaps, as
/// damaged ones do.
class collector {
public:
  explicit collector(found_rows rows) { found_.rows = std::move(rows); }

  /// The columns that a row does not have are null. Its checksum tells which
  /// table it is from.
  void take(const sqlite::row& row, bool doubtful) {
    auto has = [&](std::size_t width) {
      return !row.is_null(static_cast<int>(width) - 1);
    };
    static_assert(spacetime_width == adjustment_width);
    if (has(oldest_episode_width)) {
      if (auto x = decoded<episode_row>(row))
        take_episode(*x, doubtful);
      else if (auto mended = mend(row))
        take_mended(*mended, doubtful);
    } else if (has(spacetime_width)) {
      if (auto spacetime = decoded<spacetime_row>(row))
        doubtful ? found_.rows.put_missing(*spacetime)
                 : found_.rows.put(*spacetime);
      else if (auto x = decoded<adjustment_row>(row))
        take_adjustment(std::move(*x), doubtful);
    } else if (has(learned_width)) {
      if (auto x = decoded<learned_row>(row))
        take_learned(std::move(*x), doubtful);
    }
  }

  /// An entry of the index of ids, after all rows that are not doubtful.
  void take_entry(std::string_view id, std::int64_t number) {
    if (number < 1 || found_.episodes.contains(number))
      return;
    found_.ids[number] = id;
    if (found_.ids.size() > salvaged::most_ids)
      found_.ids.erase(std::prev(found_.ids.end()));
  }

  caf::expected<salvaged> finish() {
    drop_doubtful_baseline();
    found_.known = std::max(found_.known, left_.sequence);
    // Rows that retention had dropped are left in stale pages.
    found_.episodes.erase_up_to(left_.sequence);
    found_.without_text.erase_up_to(left_.sequence);
    found_.rows.drop_episodes_up_to(left_.sequence);
    std::erase_if(found_.adjustments,
                  [&](const auto& x) { return x.first <= left_.adjustments; });
    if (found_.rows.failed())
      return found_.rows.failed();
    return std::move(found_);
  }

private:
  void take_episode(const episode_row& x, bool doubtful) {
    auto fills_gap = !found_.episodes.contains(x.sequence);
    // An episode whose transaction failed may have been stored again, under
    // another number.
    if (doubtful && (!fills_gap || found_.rows.has_id(x.id)))
      return;
    if (!doubtful)
      found_.known = std::max(found_.known, x.sequence);
    found_.without_text.erase(x.sequence);
    put(x);
  }

  void take_mended(const mended_row& x, bool doubtful) {
    if (found_.episodes.contains(x.row.sequence))
      return;
    take_episode(x.row, doubtful);
    if (x.without_body && found_.episodes.contains(x.row.sequence))
      found_.without_text.insert(x.row.sequence);
  }

  void put(const episode_row& x) {
    if (x.sequence < 1)
      return;
    found_.episodes.insert(x.sequence);
    found_.rows.put(x);
  }

  void take_adjustment(adjustment_row x, bool doubtful) {
    auto number = x.number;
    if (doubtful)
      found_.adjustments.try_emplace(number, std::move(x));
    else
      found_.adjustments[number] = std::move(x);
  }

  void take_learned(learned_row x, bool doubtful) {
    if (x.kind != learned_kind::baseline) {
      if (!doubtful)
        found_.known = std::max(found_.known, x.state.sequence);
    } else if (!doubtful || !found_.baseline) {
      left_ = {x.state.sequence, x.state.adjustments};
      found_.baseline = std::move(x.state);
      baseline_doubtful_ = doubtful;
    }
  }

  /// A doubtful baseline is wrong if an episode that it has dropped is here.
  void drop_doubtful_baseline() {
    if (!baseline_doubtful_ || found_.episodes.next(0) > left_.sequence)
      return;
    found_.baseline.reset();
    left_ = {};
  }

  salvaged found_;
  /// The last episode and adjustment that the baseline has dropped.
  reached_numbers left_;
  bool baseline_doubtful_ = false;
};

} // namespace

std::int64_t salvaged::last() const {
  return std::max(known, episodes.last(known));
}

caf::expected<salvaged> salvage(const std::filesystem::path& file) {
  auto beside = [&](const char* suffix) {
    return std::filesystem::path{file} += suffix;
  };
  auto rows = found_rows::create(beside(".found"));
  if (!rows)
    return std::move(rows.error());
  collector result{std::move(*rows)};
  page_visitor visitor;
  visitor.row = [&](const sqlite::row& x, bool doubtful) {
    result.take(x, doubtful);
  };
  visitor.entry = [&](std::string_view id, std::int64_t number) {
    result.take_entry(id, number);
  };
  visitor.columns = episode_width;
  if (auto err = read_pages(file, beside(".pages"), visitor))
    return err;
  return result.finish();
}

} // namespace hololoom
