#include <hololoom/actors/memory/reading/source_reader.hpp>
#include <hololoom/actors/memory/text/text.hpp>
#include <hololoom/actors/memory/text/utf8.hpp>

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace hololoom {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

unsigned char byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

/// Control characters that do not occur in text. Backspace, form feed and
/// escape do, in formatted manuals.
bool is_odd_control(unsigned char c) {
  return (c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f'
          && c != '\b' && c != 0x1B)
      || c == 0x7F;
}

/// Whether `c` in Latin-1 is a symbol that common text uses on its own.
bool is_latin1_sign(unsigned char c) {
  return std::string_view{"\xA0\xA1\xA3\xA7\xA9\xAB\xAE\xB0\xB1\xB2\xB3\xB4\xB5"
                          "\xB7\xBB\xBC\xBD\xBE\xBF"}
           .find(static_cast<char>(c))
      != std::string_view::npos;
}

/// Whether `c` in Latin-1 is a letter of a western language, and more likely
/// that than a byte of broken UTF-8.
bool is_latin1_letter(unsigned char c) {
  return c >= 0xC0 && c != 0xC2 && c != 0xC3 && c != 0xD0 && c != 0xD7
      && c != 0xDE && c != 0xF0 && c != 0xF7 && c < 0xFD;
}

bool is_letter(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
      || is_latin1_letter(c);
}

bool is_plain_latin1(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = byte_at(text, i);
    if (c < 0x80)
      continue;
    if (detail::decode(text, i).bytes > 1)
      return false;
    if (is_latin1_sign(c))
      continue;
    auto neighbour = (i > 0 && is_letter(byte_at(text, i - 1)))
                  || (i + 1 < text.size() && is_letter(byte_at(text, i + 1)));
    if (!is_latin1_letter(c) || !neighbour)
      return false;
  }
  return true;
}

} // namespace

caf::expected<std::string> decode_text(std::string bytes) {
  if (auto at = bytes.find('\0'); at != std::string::npos)
    return failure(errc::invalid_shard,
                   "it is not text: byte " + std::to_string(at) + " is 0");
  auto odd = static_cast<std::size_t>(
    std::count_if(bytes.begin(), bytes.end(), [](char c) {
      return is_odd_control(static_cast<unsigned char>(c));
    }));
  if (odd * 100 > bytes.size())
    return failure(errc::invalid_shard,
                   "it is not text: " + std::to_string(odd)
                     + " of its bytes are control characters");
  if (std::string_view{bytes}.starts_with(byte_order_mark))
    bytes.erase(0, byte_order_mark.size());
  auto wrong = first_invalid_utf8(bytes);
  if (!wrong)
    return bytes;
  if (odd == 0 && is_plain_latin1(bytes))
    return latin1_to_utf8(bytes);
  return failure(errc::invalid_shard, "it is not UTF-8: byte "
                                        + std::to_string(*wrong)
                                        + " (counted from 0) is invalid");
}

caf::expected<std::string> inflate_gzip(std::string_view packed,
                                        std::uint64_t limit) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK)
    return failure(errc::internal, "zlib could not be initialised");
  struct guard {
    z_stream* x;
    ~guard() { inflateEnd(x); }
  } end{&stream};
  auto in = packed;
  std::string out;
  std::string chunk(256U << 10U, '\0');
  for (;;) {
    // zlib counts input in 32 bits.
    auto piece = std::min<std::size_t>(in.size(), 1U << 30U);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream.avail_in = static_cast<uInt>(piece);
    stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
    stream.avail_out = static_cast<uInt>(chunk.size());
    auto code = inflate(&stream, Z_NO_FLUSH);
    in.remove_prefix(piece - stream.avail_in);
    out.append(chunk, 0, chunk.size() - stream.avail_out);
    if (out.size() > limit)
      return failure(errc::not_supported, "it inflates to more than "
                                            + std::to_string(limit) + " bytes");
    if (code == Z_STREAM_END) {
      // Concatenated archives are one file, as for gunzip; padding after the
      // last is ignored.
      if (in.size() < 2 || byte_at(in, 0) != 0x1F || byte_at(in, 1) != 0x8B)
        return out;
      inflateReset(&stream);
      continue;
    }
    if (code == Z_BUF_ERROR && in.empty())
      return failure(errc::corrupt, "its gzip data is truncated");
    if (code != Z_OK && code != Z_BUF_ERROR)
      return failure(errc::corrupt,
                     std::string{"its gzip data is damaged: "}
                       + (stream.msg != nullptr ? stream.msg : "unknown"));
  }
}

} // namespace hololoom
