#include <hololoom/actors/reflection/journal/schema.hpp>
#include <hololoom/actors/reflection/repair/salvage.hpp>
#include <hololoom/actors/storage/sqlite_format/pages.hpp>
#include <hololoom/messages/json/read.hpp>

#include <algorithm>
#include <set>

namespace hololoom {

namespace {

/// Reads columns by type, and remembers whether all were of theirs.
class columns {
public:
  explicit columns(const loose_row& row) : row_(row) {}

  std::int64_t integer(std::size_t i) { return get<std::int64_t>(i); }

  std::string text(std::size_t i) { return get<std::string>(i); }

  std::string text_or_null(std::size_t i) {
    return std::holds_alternative<std::monostate>(row_.columns[i])
           ? std::string{}
           : text(i);
  }

  /// SQLite keeps a whole number as an integer.
  double real(std::size_t i) {
    if (auto whole = std::get_if<std::int64_t>(&row_.columns[i]))
      return static_cast<double>(*whole);
    return get<double>(i);
  }

  bool right() const { return right_; }

private:
  template <class T>
  T get(std::size_t i) {
    if (auto x = std::get_if<T>(&row_.columns[i]))
      return *x;
    right_ = false;
    return {};
  }

  const loose_row& row_;
  bool right_ = true;
};

/// Collects what is right. Rows come in the order of writing, so that a later
/// one takes the place of an earlier one; doubtful rows come last and only fill
/// gaps.
class collector {
public:
  void take(const loose_row& row) {
    switch (row.columns.size()) {
      case 14: return take_episode(row);
      case 4: return take_four(row);
      case 3: return take_learned(row);
      default: return;
    }
  }

  salvaged finish() {
    drop_doubtful_baseline();
    if (found_.current && !current_doubtful_)
      found_.known = std::max(found_.known, found_.current->sequence);
    if (found_.baseline)
      found_.known = std::max(found_.known, found_.baseline->sequence);
    // What had left is only found in stale pages.
    if (found_.baseline) {
      std::erase_if(found_.episodes, [&](const auto& x) {
        return x.first <= found_.baseline->sequence;
      });
      std::erase_if(found_.adjustments, [&](const auto& x) {
        return x.first <= found_.baseline->adjustments;
      });
    }
    return std::move(found_);
  }

private:
  void take_episode(const loose_row& row) {
    columns c{row};
    episode_record x;
    x.id = c.text(1);
    x.learned.at = timestamp{std::chrono::microseconds{c.integer(2)}};
    x.learned.tool = c.text(3);
    x.learned.pattern = c.text(4);
    x.learned.reward = c.real(5);
    x.learned.success = c.integer(6) != 0;
    x.formula = static_cast<reward_formula>(c.integer(7));
    x.learned.confidence = c.real(8);
    x.learned.duration_ms = c.real(9);
    x.learned.query_length = c.integer(10);
    x.learned.discount = c.real(11);
    x.body = c.text_or_null(12);
    auto sum = c.integer(13);
    if (!c.right() || sum != checksum(row.rowid, x))
      return;
    if (!row.doubtful) {
      found_.known = std::max(found_.known, row.rowid);
      found_.episodes[row.rowid] = std::move(x);
    } else if (!found_.episodes.contains(row.rowid) && is_new(x.id)) {
      found_.episodes[row.rowid] = std::move(x);
    }
  }

  /// Whether no episode has this id yet: one that failed may have been tried
  /// again, and have another number then.
  bool is_new(const std::string& id) {
    if (!ids_) {
      ids_.emplace();
      for (const auto& [sequence, x] : found_.episodes)
        ids_->insert(x.id);
    }
    return ids_->insert(id).second;
  }

  /// Spacetimes and adjustments have four columns each.
  void take_four(const loose_row& row) {
    columns spacetime{row};
    auto id = spacetime.text(1);
    auto body = spacetime.text(2);
    auto sum = spacetime.integer(3);
    if (spacetime.right()) {
      if (sum == checksum(row.rowid, id, body))
        put(row, found_.spacetimes, {std::move(id), std::move(body)});
      return;
    }
    columns adjusted{row};
    placed_adjustment x;
    x.number = row.rowid;
    x.after = adjusted.integer(1);
    body = adjusted.text(2);
    sum = adjusted.integer(3);
    if (!adjusted.right()
        || sum != checksum(x.number, std::to_string(x.after), body))
      return;
    if (auto what = from_json_text<adjustment>(body)) {
      x.what = std::move(*what);
      put(row, found_.adjustments, std::move(x));
    }
  }

  void take_learned(const loose_row& row) {
    columns c{row};
    auto body = c.text(1);
    auto sum = c.integer(2);
    if (!c.right() || sum != checksum(row.rowid, {}, body))
      return;
    auto& to = row.rowid == 0 ? found_.baseline : found_.current;
    if (row.doubtful && to)
      return;
    auto state = from_json_text<learned_state>(body);
    if (!state)
      return;
    to = std::move(*state);
    (row.rowid == 0 ? baseline_doubtful_ : current_doubtful_) = row.doubtful;
  }

  template <class T>
  static void put(const loose_row& row, std::map<std::int64_t, T>& to, T x) {
    if (row.doubtful)
      to.try_emplace(row.rowid, std::move(x));
    else
      to[row.rowid] = std::move(x);
  }

  /// Episodes that are here had not left.
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
