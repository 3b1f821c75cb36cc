#include <hololoom/actors/reflection/journal/rows.hpp>
#include <hololoom/messages/json/read.hpp>

#include <zlib.h>

#include <bit>

namespace hololoom {

namespace {

#define EPISODE_COLUMNS                                                        \
  "sequence,id,at,tool,pattern,reward,success,formula,confidence,"             \
  "duration_ms,query_length,discount,body,checksum,body_checksum,content"

/// CRC-32 over numbers and texts; a text is preceded by its length, so that no
/// two sequences of fields look alike.
class digest {
public:
  digest& add(std::string_view text) {
    add(static_cast<std::int64_t>(text.size()));
    // To zlib, a null pointer means to start over.
    if (!text.empty())
      crc_ =
        crc32_z(crc_, reinterpret_cast<const Bytef*>(text.data()), text.size());
    return *this;
  }

  digest& add(std::int64_t x) {
    unsigned char bytes[8];
    auto u = static_cast<std::uint64_t>(x);
    for (auto& byte : bytes) {
      byte = static_cast<unsigned char>(u & 0xff);
      u >>= 8;
    }
    crc_ = crc32_z(crc_, bytes, sizeof(bytes));
    return *this;
  }

  digest& add(double x) { return add(std::bit_cast<std::int64_t>(x)); }

  std::int64_t value() const { return static_cast<std::int64_t>(crc_); }

private:
  uLong crc_ = crc32_z(0, nullptr, 0);
};

std::int64_t microseconds(timestamp x) {
  return x.time_since_epoch().count();
}

std::uint32_t checksum_of_body(std::string_view body) {
  return static_cast<std::uint32_t>(digest{}.add(body).value());
}

} // namespace

const char* const insert_episode =
  "INSERT INTO episodes(" EPISODE_COLUMNS
  ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(id) DO NOTHING";

const char* const replace_episode =
  "INSERT OR REPLACE INTO episodes(" EPISODE_COLUMNS
  ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

const char* const create_loose_tables =
  "CREATE TABLE episodes(" EPISODE_COLUMNS ",PRIMARY KEY(sequence));"
  "CREATE TABLE spacetimes(number INTEGER PRIMARY KEY,id,body,checksum)";

std::string select_episodes(std::string_view rest) {
  return std::string{"SELECT " EPISODE_COLUMNS " FROM episodes "}.append(rest);
}

// -- episodes -----------------------------------------------------------------

episode_row row_of(const episode& x, double discount) {
  episode_row result;
  result.id = x.id;
  result.learned = outcome_of(x, discount);
  result.formula = x.formula;
  // Most episodes fit, and the text need not move while it grows.
  result.body.reserve(2048);
  append_json(result.body, x);
  result.body_crc = checksum_of_body(result.body);
  return result;
}

std::int64_t checksum(std::int64_t sequence, const episode_row& x) {
  auto sum = digest{}
               .add(sequence)
               .add(std::string_view{x.id})
               .add(std::string_view{x.learned.tool})
               .add(std::string_view{x.learned.pattern})
               .add(x.learned.reward)
               .add(std::int64_t{x.learned.success})
               .add(static_cast<std::int64_t>(x.formula))
               .add(x.learned.confidence)
               .add(x.learned.duration_ms)
               .add(x.learned.query_length)
               .add(microseconds(x.learned.at))
               .add(x.learned.discount);
  if (x.content)
    sum.add(*x.content);
  if (!x.body_crc)
    return sum.add(std::string_view{x.body}).value();
  auto length = sizeof(std::int64_t) + x.body.size();
  return static_cast<std::int64_t>(
    crc32_combine(static_cast<uLong>(sum.value()), *x.body_crc,
                  static_cast<z_off_t>(length)));
}

outcome outcome_in(const sqlite::row& from) {
  return {std::string{from.text(0)},
          std::string{from.text(1)},
          from.real(2),
          from.integer(3) != 0,
          from.real(4),
          from.real(5),
          from.integer(6),
          timestamp{std::chrono::microseconds{from.integer(7)}},
          from.real(8)};
}

bool decode(const sqlite::row& from, episode_row& to) {
  to.sequence = from.integer(0);
  to.id = from.text(1);
  to.learned.at = timestamp{std::chrono::microseconds{from.integer(2)}};
  to.learned.tool = from.text(3);
  to.learned.pattern = from.text(4);
  to.learned.reward = from.real(5);
  to.learned.success = from.integer(6) != 0;
  to.formula = static_cast<reward_formula>(from.integer(7));
  to.learned.confidence = from.real(8);
  to.learned.duration_ms = from.real(9);
  to.learned.query_length = from.integer(10);
  to.learned.discount = from.real(11);
  to.body = from.is_null(12) ? std::string_view{} : from.text(12);
  to.body_crc.reset();
  to.content.reset();
  if (!from.is_null(15))
    to.content = from.integer(15);
  return from.integer(13) == checksum(to.sequence, to);
}

std::optional<mended_row> mend(const sqlite::row& from) {
  mended_row result;
  auto& x = result.row;
  (void)decode(from, x);
  auto sum = from.integer(13);
  if (x.body.empty())
    return std::nullopt;
  // The body's own checksum stands in for the body in the row's.
  if (!from.is_null(14)) {
    x.body_crc = static_cast<std::uint32_t>(from.integer(14));
    if (checksum(x.sequence, x) == sum) {
      x.body.clear();
      x.body_crc.reset();
      result.without_body = true;
      return result;
    }
  }
  auto made = from_json_text<episode>(x.body);
  if (!made)
    return std::nullopt;
  // The body does not say the discount, of which 1 is the usual one.
  for (auto discount : {x.learned.discount, 1.0}) {
    auto y = row_of(*made, discount);
    y.sequence = x.sequence;
    y.body = x.body;
    y.body_crc.reset();
    if (checksum(y.sequence, y) == sum) {
      x = std::move(y);
      return result;
    }
  }
  return std::nullopt;
}

namespace {

/// The parameters of the columns that a consolidation changes.
struct body_places {
  int body;
  int body_checksum;
  int content;
};

void bind_body(sqlite::statement& to, const episode_row& x, body_places at) {
  if (x.body.empty()) {
    to.bind_null(at.body);
    to.bind_null(at.body_checksum);
  } else {
    to.bind(at.body, std::string_view{x.body});
    to.bind(at.body_checksum,
            std::int64_t{x.body_crc ? *x.body_crc : checksum_of_body(x.body)});
  }
  if (x.content)
    to.bind(at.content, *x.content);
  else
    to.bind_null(at.content);
}

} // namespace

void bind_episode(sqlite::statement& to, std::int64_t sequence,
                  const episode_row& x) {
  to.bind(1, sequence);
  to.bind(2, std::string_view{x.id});
  to.bind(3, microseconds(x.learned.at));
  to.bind(4, std::string_view{x.learned.tool});
  to.bind(5, std::string_view{x.learned.pattern});
  to.bind(6, x.learned.reward);
  to.bind(7, std::int64_t{x.learned.success});
  to.bind(8, static_cast<std::int64_t>(x.formula));
  to.bind(9, x.learned.confidence);
  to.bind(10, x.learned.duration_ms);
  to.bind(11, x.learned.query_length);
  to.bind(12, x.learned.discount);
  bind_body(to, x, {13, 15, 16});
  to.bind(14, checksum(sequence, x));
}

void bind_rewrite(sqlite::statement& to, const episode_row& x) {
  bind_body(to, x, {1, 2, 3});
  to.bind(4, checksum(x.sequence, x));
  to.bind(5, x.sequence);
}

std::int64_t checksum(std::int64_t number, std::string_view name,
                      std::string_view body) {
  return digest{}.add(number).add(name).add(body).value();
}

// -- spacetimes ---------------------------------------------------------------

bool decode(const sqlite::row& from, spacetime_row& to) {
  to.number = from.integer(0);
  to.id = from.text(1);
  to.body = from.text(2);
  return from.integer(3) == checksum(to.number, to.id, to.body);
}

void bind_spacetime(sqlite::statement& to, std::int64_t number,
                    std::string_view id, std::string_view body) {
  to.bind(1, number);
  to.bind(2, id);
  to.bind(3, body);
  to.bind(4, checksum(number, id, body));
}

// -- adjustments --------------------------------------------------------------

bool decode(const sqlite::row& from, adjustment_row& to) {
  to.number = from.integer(0);
  to.after = from.integer(1);
  auto body = from.text(2);
  if (from.integer(3) != checksum(to.number, std::to_string(to.after), body))
    return false;
  auto change = from_json_text<adjustment>(body);
  if (change)
    to.change = std::move(*change);
  return static_cast<bool>(change);
}

void bind_adjustment(sqlite::statement& to, std::int64_t number,
                     std::int64_t after, std::string_view body) {
  to.bind(1, number);
  to.bind(2, after);
  to.bind(3, body);
  to.bind(4, checksum(number, std::to_string(after), body));
}

caf::expected<std::deque<adjustment_row>>
read_adjustments(sqlite::database& db, std::int64_t first, std::int64_t limit) {
  std::deque<adjustment_row> result;
  auto sql = "SELECT number,after_sequence,body,checksum FROM adjustments"
             " WHERE number>="
           + std::to_string(first) + " ORDER BY number LIMIT "
           + std::to_string(limit);
  auto err = db.for_each_row(sql, [&](const sqlite::row& row) -> caf::error {
    adjustment_row x;
    if (!decode(row, x) || x.number != first + std::ssize(result))
      return failure(errc::corrupt,
                     "adjustment " + std::to_string(x.number) + " is damaged");
    result.push_back(std::move(x));
    return {};
  });
  if (err)
    return err;
  return result;
}

// -- what was learned ---------------------------------------------------------

bool decode(const sqlite::row& from, learned_row& to) {
  to.kind = static_cast<learned_kind>(from.integer(0));
  auto body = from.text(1);
  if (from.integer(2) != checksum(static_cast<std::int64_t>(to.kind), {}, body))
    return false;
  auto state = from_json_text<learned_state>(body);
  if (state)
    to.state = std::move(*state);
  return static_cast<bool>(state);
}

void bind_learned(sqlite::statement& to, learned_kind kind,
                  std::string_view body) {
  auto number = static_cast<std::int64_t>(kind);
  to.bind(1, number);
  to.bind(2, body);
  to.bind(3, checksum(number, {}, body));
}

} // namespace hololoom
