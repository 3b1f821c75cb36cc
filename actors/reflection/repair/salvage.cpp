#include <hololoom/actors/reflection/journal/schema.hpp>
#include <hololoom/actors/reflection/repair/salvage.hpp>
#include <hololoom/actors/storage/sqlite_format/pages.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace hololoom {

namespace {

/// A row found in a page, read as SQLite would read it. Remembers whether each
/// column had the type asked for.
class found_row final : public sqlite::row {
public:
  explicit found_row(const loose_row& x) : row_(x) {}

  /// SQLite stores NULL for a column that is the rowid.
  std::int64_t integer(int i) const override {
    return i == 0 ? row_.rowid : get<std::int64_t>(i);
  }

  /// SQLite stores a whole number as an integer.
  double real(int i) const override {
    if (auto whole = std::get_if<std::int64_t>(&column(i)))
      return static_cast<double>(*whole);
    return get<double>(i);
  }

  std::string_view text(int i) const override {
    auto x = std::get_if<std::string>(&column(i));
    typed_ = typed_ && x;
    return x ? std::string_view{*x} : std::string_view{};
  }

  bool is_null(int i) const override {
    return std::holds_alternative<std::monostate>(column(i));
  }

  bool typed() const { return typed_; }

private:
  const sqlite_value& column(int i) const {
    return row_.columns[static_cast<std::size_t>(i)];
  }

  template <class T>
  T get(int i) const {
    auto x = std::get_if<T>(&column(i));
    typed_ = typed_ && x;
    return x ? *x : T{};
  }

  const loose_row& row_;
  mutable bool typed_ = true;
};

template <class T>
std::optional<T> decoded(const loose_row& from) {
  found_row row{from};
  T result;
  auto intact = decode(row, result) && row.typed();
  return intact ? std::optional{std::move(result)} : std::nullopt;
}

/// Collects the intact rows. Rows arrive in the order of writing, so that a
/// later one replaces an earlier one; doubtful rows arrive last and only fill
/// gaps.
class collector {
public:
  void take(const loose_row& row) {
    switch (row.columns.size()) {
      case episode_width:
        if (auto x = decoded<episode_row>(row))
          take_episode(row, std::move(*x));
        return;
      case spacetime_width:
        static_assert(spacetime_width == adjustment_width);
        if (auto spacetime = decoded<spacetime_row>(row))
          put(row, found_.spacetimes, std::move(*spacetime));
        else if (auto x = decoded<adjustment_row>(row))
          put(row, found_.adjustments, std::move(*x));
        return;
      case learned_width:
        if (auto x = decoded<learned_row>(row))
          take_learned(row, std::move(*x));
        return;
      default: return;
    }
  }

  salvaged finish() {
    drop_doubtful_baseline();
    if (found_.current && !current_doubtful_)
      found_.known = std::max(found_.known, found_.current->sequence);
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
  void take_episode(const loose_row& row, episode_row x) {
    if (!row.doubtful) {
      found_.known = std::max(found_.known, row.rowid);
      found_.episodes[row.rowid] = std::move(x);
    } else if (!found_.episodes.contains(row.rowid) && is_new(x.id)) {
      found_.episodes[row.rowid] = std::move(x);
    }
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

  void take_learned(const loose_row& row, learned_row x) {
    auto baseline = x.kind == learned_kind::baseline;
    auto& to = baseline ? found_.baseline : found_.current;
    if (row.doubtful && to)
      return;
    to = std::move(x.state);
    (baseline ? baseline_doubtful_ : current_doubtful_) = row.doubtful;
  }

  template <class T>
  static void put(const loose_row& row, std::map<std::int64_t, T>& to, T x) {
    if (row.doubtful)
      to.try_emplace(row.rowid, std::move(x));
    else
      to[row.rowid] = std::move(x);
  }

  /// A doubtful baseline is wrong if an episode that it has dropped is here.
  void drop_doubtful_baseline() {
    if (found_.baseline && baseline_doubtful_ && !found_.episodes.empty()
        && found_.episodes.begin()->first <= found_.baseline->sequence)
      found_.baseline.reset();
  }

  salvaged found_;
  bool baseline_doubtful_ = false;
  bool current_doubtful_ = false;
  std::optional<std::set<std::string>> ids_;
};

} // namespace

std::int64_t salvaged::last() const {
  return episodes.empty() ? known : std::max(known, episodes.rbegin()->first);
}

salvaged salvage(const std::filesystem::path& file) {
  collector result;
  sqlite_pages pages{file};
  pages.for_each_row([&](const loose_row& row) { result.take(row); });
  auto found = result.finish();
  pages.for_each_entry(id_index_root, [&](std::string id, std::int64_t number) {
    found.ids[number] = std::move(id);
  });
  return found;
}

} // namespace hololoom
