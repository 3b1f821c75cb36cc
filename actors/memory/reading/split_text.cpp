#include <hololoom/actors/memory/reading/source_reader.hpp>
#include <hololoom/actors/memory/text/hash.hpp>
#include <hololoom/actors/memory/text/text.hpp>
#include <hololoom/actors/memory/text/utf8.hpp>
#include <hololoom/messages/json/value.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace hololoom {

namespace {

constexpr std::size_t entities_kept = 10;

/// A heading starts a new shard if the open one has at least so many bytes.
constexpr std::size_t shortest_before_heading = 120;

/// A last piece that is shorter joins its predecessor.
constexpr std::size_t shortest_at_end = 150;

constexpr std::size_t longest_heading = 120;

std::string make_id(const std::string& source, std::size_t offset,
                    std::string_view text) {
  using detail::fnv1a;
  // Zero bytes separate the three: no path and no text has any.
  constexpr std::string_view border{"\0", 1};
  auto x = fnv1a(border, fnv1a(source));
  x = fnv1a(border, fnv1a(std::to_string(offset), x));
  x = fnv1a(text, x);
  std::string result(16, '0');
  for (auto i = result.rbegin(); i != result.rend(); ++i, x >>= 4U)
    *i = "0123456789abcdef"[x & 15U];
  return result;
}

/// Bytes of the text, `[begin, end)`.
struct range {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t size() const { return end - begin; }
};

std::string_view slice(std::string_view text, range r) {
  return text.substr(r.begin, r.size());
}

/// Whether a line of `===` or `---` underlines the title above it.
bool is_underline(std::string_view line) {
  line = trim(line);
  return line.size() >= 3 && (line[0] == '=' || line[0] == '-')
      && line.find_first_not_of(line[0]) == std::string_view::npos;
}

/// The title in `# Title`; empty for any other line.
std::string_view title_of(std::string_view line) {
  auto level = line.find_first_not_of('#');
  if (level == std::string_view::npos || level == 0 || level > 6
      || line[level] != ' ')
    return {};
  auto title = trim(line.substr(level));
  while (title.ends_with('#'))
    title.remove_suffix(1);
  return trim(title);
}

bool has_words(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    auto c = detail::decode(text, at);
    if (c.bytes != 0 && detail::is_word_character(c.value))
      return true;
    at += std::max<std::size_t>(c.bytes, 1);
  }
  return false;
}

/// Paragraphs of a text, each with the heading it stands under. A heading is a
/// paragraph of its own.
class paragraphs {
public:
  explicit paragraphs(std::string_view text) : text_(text) {}

  struct paragraph {
    range where;
    std::string_view heading;
    bool begins_section = false;
  };

  bool next(paragraph& out) {
    skip_blank_lines();
    if (at_ >= text_.size())
      return false;
    auto begin = at_;
    auto first = take_line();
    auto title = title_of(first);
    if (title.empty() && at_ < text_.size() && is_underline(peek_line())
        && first.size() <= longest_heading && !trim(first).empty()
        && first[0] != ' ' && first[0] != '-') {
      title = trim(first);
      take_line();
    }
    if (!title.empty()) {
      heading_ = title;
      out = {{begin, at_}, heading_, true};
      return true;
    }
    while (at_ < text_.size()) {
      auto line = peek_line();
      if (trim(line).empty() || !title_of(line).empty())
        break;
      take_line();
    }
    out = {{begin, at_}, heading_, false};
    return true;
  }

private:
  std::string_view peek_line() const {
    return text_.substr(at_, text_.find('\n', at_) - at_);
  }

  std::string_view take_line() {
    auto line = peek_line();
    at_ = std::min(at_ + line.size() + 1, text_.size());
    return line;
  }

  void skip_blank_lines() {
    while (at_ < text_.size() && trim(peek_line()).empty())
      take_line();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string_view heading_;
};

/// Joins paragraphs until they make a shard.
class cutter {
public:
  cutter(std::string_view text, const reading_options& options)
    : text_(text),
      stop_(options.stop),
      target_(options.shard_bytes),
      longest_(std::max<std::size_t>(options.max_shard_bytes, 16)) {}

  struct piece {
    range where;
    std::string_view heading;
  };

  std::vector<piece> run() {
    paragraphs source{text_};
    paragraphs::paragraph p;
    while (!stop_.stop_requested() && source.next(p)) {
      if (p.begins_section && size() >= shortest_before_heading)
        flush();
      auto too_long = size() > 0 && p.where.end - open_.begin > longest_;
      // A short piece takes the first sentences of the next paragraph.
      auto part = too_long && size() < target_ / 2;
      if (too_long && !part)
        flush();
      if (size() == 0)
        heading_ = p.heading;
      if (part || p.where.size() > longest_)
        add_long(p.where);
      else
        add(p.where);
      // A heading alone says nothing: wait for the text below it.
      if (!p.begins_section && size() >= target_)
        flush();
    }
    flush();
    join_last();
    return std::move(pieces_);
  }

private:
  std::size_t size() const { return open_.size(); }

  void add(range r) {
    if (size() == 0)
      open_.begin = r.begin;
    open_.end = r.end;
  }

  void flush() {
    if (size() > 0)
      pieces_.push_back({open_, heading_});
    open_ = {};
  }

  /// A paragraph that is too long is cut between sentences.
  void add_long(range r) {
    auto paragraph = slice(text_, r);
    for (auto sentence : split_sentences(paragraph)) {
      auto begin = static_cast<std::size_t>(sentence.data() - text_.data());
      range where{begin, begin + sentence.size()};
      if (size() > 0 && where.end - open_.begin > longest_)
        flush();
      if (where.size() > longest_)
        add_longer(where);
      else
        add(where);
      if (size() >= target_)
        flush();
    }
  }

  /// A sentence that is too long is cut between words, a word between code
  /// points.
  void add_longer(range r) {
    while (r.size() > longest_) {
      auto end = r.begin + longest_;
      // Looked for in the second half alone, or each of the many pieces of a
      // text without spaces would look through all that precedes it.
      auto half = r.begin + longest_ / 2 + 1;
      auto space = text_.substr(half, end + 1 - half).find_last_of(" \n\t");
      auto border = space == std::string_view::npos ? end : half + space;
      while (border > r.begin + 1
             && (static_cast<unsigned char>(text_[border]) & 0xC0U) == 0x80)
        --border;
      add({r.begin, border});
      flush();
      r.begin = border;
    }
    if (r.size() > 0)
      add(r);
  }

  void join_last() {
    if (pieces_.size() < 2)
      return;
    auto last = pieces_.back();
    auto& before = pieces_[pieces_.size() - 2];
    if (last.where.size() < shortest_at_end && last.heading == before.heading
        && last.where.end - before.where.begin <= longest_) {
      before.where.end = last.where.end;
      pieces_.pop_back();
    }
  }

  std::string_view text_;
  const std::stop_token& stop_;
  std::size_t target_;
  std::size_t longest_;
  range open_;
  std::string_view heading_;
  std::vector<piece> pieces_;
};

} // namespace

std::vector<shard> split_text(std::string_view text, const std::string& source,
                              timestamp time, const reading_options& options) {
  std::vector<shard> result;
  auto at_time = to_iso8601(time);
  for (const auto& piece : cutter{text, options}.run()) {
    if (options.stop.stop_requested())
      break;
    auto content = trim(slice(text, piece.where));
    if (!has_words(content))
      continue;
    auto offset = static_cast<std::size_t>(content.data() - text.data());
    auto& x = result.emplace_back();
    x.id = make_id(source, offset, content);
    x.text = content;
    x.episode = source;
    x.entities = find_entities(content, entities_kept);
    x.metadata.set("source", source);
    x.metadata.set("offset", offset);
    if (!piece.heading.empty())
      x.metadata.set("heading", std::string{first_code_points(
                                  piece.heading, longest_heading)});
    x.metadata.set("time", at_time);
  }
  return result;
}

} // namespace hololoom
