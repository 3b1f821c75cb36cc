#include <hololoom/actors/reflection/json_text.hpp>
#include <hololoom/actors/reflection/salvage.hpp>
#include <hololoom/actors/reflection/sqlite_pages.hpp>

#include <algorithm>

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

void take_episode(const loose_row& row, salvaged& result) {
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
  if (c.right()
      && sum == checksum(row.rowid, x.id, x.learned, x.formula, x.body))
    result.episodes[row.rowid] = std::move(x);
}

/// Spacetimes and adjustments have four columns each.
void take_four(const loose_row& row, salvaged& result) {
  columns spacetime{row};
  auto id = spacetime.text(1);
  auto body = spacetime.text(2);
  auto sum = spacetime.integer(3);
  if (spacetime.right()) {
    if (sum == checksum(row.rowid, id, body))
      result.spacetimes[row.rowid] = {std::move(id), std::move(body)};
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
    result.adjustments[x.number] = std::move(x);
  }
}

void take_learned(const loose_row& row, salvaged& result) {
  columns c{row};
  auto body = c.text(1);
  auto sum = c.integer(2);
  if (!c.right() || sum != checksum(row.rowid, {}, body))
    return;
  auto state = from_json_text<learned_state>(body);
  if (state)
    (row.rowid == 0 ? result.baseline : result.current) = std::move(*state);
}

} // namespace

std::int64_t salvaged::last() const {
  auto result = baseline ? baseline->sequence : 0;
  if (current)
    result = std::max(result, current->sequence);
  if (!episodes.empty())
    result = std::max(result, episodes.rbegin()->first);
  return result;
}

salvaged salvage(const std::filesystem::path& file) {
  salvaged result;
  sqlite_pages{file}.for_each_row([&](const loose_row& row) {
    switch (row.columns.size()) {
      case 14: return take_episode(row, result);
      case 4: return take_four(row, result);
      case 3: return take_learned(row, result);
      default: return;
    }
  });
  // What had left is only found in stale pages.
  if (result.baseline) {
    std::erase_if(result.episodes, [&](const auto& x) {
      return x.first <= result.baseline->sequence;
    });
    std::erase_if(result.adjustments, [&](const auto& x) {
      return x.first <= result.baseline->adjustments;
    });
  }
  return result;
}

} // namespace hololoom
