#include <hololoom/actors/reflection/journal/rows.hpp>
#include <hololoom/messages/json/read.hpp>

#include <sqlite3.h>

#include <string>

namespace hololoom {

bool read_row(const sqlite::statement& row, stored_episode& x) {
  x.sequence = row.integer(0);
  auto& r = x.record;
  r.id = row.text(1);
  r.learned.at = timestamp{std::chrono::microseconds{row.integer(2)}};
  r.learned.tool = row.text(3);
  r.learned.pattern = row.text(4);
  r.learned.reward = row.real(5);
  r.learned.success = row.integer(6) != 0;
  r.formula = static_cast<reward_formula>(row.integer(7));
  r.learned.confidence = row.real(8);
  r.learned.duration_ms = row.real(9);
  r.learned.query_length = row.integer(10);
  r.learned.discount = row.real(11);
  r.body = row.text(12);
  r.body_sum.reset();
  return row.integer(13) == checksum(x.sequence, r);
}

void bind_row(sqlite::statement& row, std::int64_t sequence,
              const episode_record& x) {
  row.bind(1, sequence);
  row.bind(2, std::string_view{x.id});
  row.bind(3,
           static_cast<std::int64_t>(x.learned.at.time_since_epoch().count()));
  row.bind(4, std::string_view{x.learned.tool});
  row.bind(5, std::string_view{x.learned.pattern});
  row.bind(6, x.learned.reward);
  row.bind(7, std::int64_t{x.learned.success});
  row.bind(8, static_cast<std::int64_t>(x.formula));
  row.bind(9, x.learned.confidence);
  row.bind(10, x.learned.duration_ms);
  row.bind(11, x.learned.query_length);
  row.bind(12, x.learned.discount);
  if (x.body.empty())
    row.bind_null(13);
  else
    row.bind(13, std::string_view{x.body});
  row.bind(14, checksum(sequence, x));
}

caf::expected<std::deque<placed_adjustment>>
read_adjustments(sqlite::database& db, std::int64_t first) {
  auto rows = db.prepare("SELECT number, after_sequence, body, checksum"
                         " FROM adjustments WHERE number>=? ORDER BY number");
  if (!rows)
    return std::move(rows.error());
  rows->bind(1, first);
  std::deque<placed_adjustment> result;
  int code;
  while ((code = rows->step()) == SQLITE_ROW) {
    placed_adjustment x;
    x.number = rows->integer(0);
    x.after = rows->integer(1);
    auto body = rows->text(2);
    auto what = from_json_text<adjustment>(body);
    if (!what || x.number != first + static_cast<std::int64_t>(result.size())
        || rows->integer(3)
             != checksum(x.number, std::to_string(x.after), body))
      return failure(errc::corrupt,
                     "adjustment " + std::to_string(x.number) + " is damaged");
    x.what = std::move(*what);
    result.push_back(std::move(x));
  }
  if (code != SQLITE_DONE)
    return db.last_error("read");
  return result;
}

} // namespace hololoom
