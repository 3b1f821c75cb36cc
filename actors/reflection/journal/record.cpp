#include <hololoom/actors/reflection/journal/record.hpp>
#include <hololoom/messages/json/write.hpp>

#include <zlib.h>

#include <bit>

namespace hololoom {

namespace {

/// CRC-32 over numbers and texts; a text is preceded by its length, so that no
/// two sequences of fields look alike.
class digest {
public:
  digest& add(std::string_view text) {
    add(static_cast<std::int64_t>(text.size()));
    // To zlib, a null pointer means to begin anew.
    if (text.empty())
      return *this;
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

/// All of a record but its body.
digest head_of(std::int64_t sequence, std::string_view id,
               const outcome& learned, reward_formula formula) {
  return digest{}
    .add(sequence)
    .add(id)
    .add(std::string_view{learned.tool})
    .add(std::string_view{learned.pattern})
    .add(learned.reward)
    .add(static_cast<std::int64_t>(learned.success))
    .add(static_cast<std::int64_t>(formula))
    .add(learned.confidence)
    .add(learned.duration_ms)
    .add(learned.query_length)
    .add(learned.at.time_since_epoch().count())
    .add(learned.discount);
}

} // namespace

episode_record record_of(const episode& x, double discount) {
  episode_record result{x.id, outcome_of(x, discount), x.formula, {}, {}};
  // Most episodes fit, and the text need not move while it grows.
  result.body.reserve(2048);
  append_json(result.body, x);
  auto sum = digest{}.add(std::string_view{result.body}).value();
  result.body_sum = static_cast<std::uint32_t>(sum);
  return result;
}

std::int64_t checksum(std::int64_t sequence, std::string_view id,
                      const outcome& learned, reward_formula formula,
                      std::string_view body) {
  return head_of(sequence, id, learned, formula).add(body).value();
}

std::int64_t checksum(std::int64_t sequence, const episode_record& x) {
  if (!x.body_sum)
    return checksum(sequence, x.id, x.learned, x.formula, x.body);
  auto head = head_of(sequence, x.id, x.learned, x.formula).value();
  auto length = sizeof(std::int64_t) + x.body.size();
  return static_cast<std::int64_t>(crc32_combine(
    static_cast<uLong>(head), *x.body_sum, static_cast<z_off_t>(length)));
}

std::int64_t checksum(std::int64_t key, std::string_view name,
                      std::string_view body) {
  return digest{}.add(key).add(name).add(body).value();
}

} // namespace hololoom
