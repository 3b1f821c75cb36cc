#include <hololoom/actors/memory/index/segment.hpp>
#include <hololoom/actors/memory/text/text.hpp>

#include <algorithm>
#include <bit>
#include <functional>

namespace hololoom::detail {

namespace {

/// Longer words are encoded data, no two of them alike.
constexpr std::size_t longest_word = 64;

std::uint32_t id_hash(std::string_view id) {
  return static_cast<std::uint32_t>(std::hash<std::string_view>{}(id));
}

/// The words in a file's path: its folder and its name up to the first dot
/// ("/usr/share/doc/bash/copyright" -> "bash copyright").
std::string name_words(std::string_view source) {
  auto slash = source.rfind('/');
  if (slash == std::string_view::npos)
    return std::string{source.substr(0, source.find('.'))};
  auto file = source.substr(slash + 1);
  auto folder = source.substr(0, slash);
  folder = folder.substr(folder.rfind('/') + 1);
  return std::string{folder} + ' '
       + std::string{file.substr(0, file.find('.'))};
}

} // namespace

/// Turns texts into postings. Stems each distinct word once.
class segment::builder {
public:
  explicit builder(segment& out) : out_(out) {}

  void add(const shard& x, packed_shard& packed) {
    found_.clear();
    stopped_.clear();
    // A title sums up its text in a few words: it counts twice.
    if (auto heading = x.metadata.text("heading"); !heading.empty()) {
      add_words(heading);
      add_words(heading);
    }
    if (auto source = x.metadata.text("source"); !source.empty())
      add_words(name_words(source));
    add_words(x.text);
    if (found_.empty())
      found_.swap(stopped_);
    packed.terms = static_cast<std::uint32_t>(found_.size());
    out_.length_ += found_.size();
    std::sort(found_.begin(), found_.end());
    for (std::size_t i = 0; i < found_.size();) {
      auto j = i;
      while (j < found_.size() && found_[j] == found_[i])
        ++j;
      flat_.push_back({found_[i], static_cast<std::uint32_t>(j - i)});
      i = j;
    }
    ends_.push_back(flat_.size());
  }

  /// Sorts the postings by term, keeping the order of shards.
  void finish() {
    auto& lists = out_.postings_;
    lists.resize(out_.terms_.size());
    for (const auto& [term, count] : flat_)
      ++lists[term].frequency;
    std::vector<std::uint64_t> next(lists.size());
    std::uint64_t sum = 0;
    for (std::size_t t = 0; t < lists.size(); ++t) {
      next[t] = sum;
      sum += lists[t].frequency;
    }
    struct pair {
      std::uint32_t doc;
      std::uint32_t count;
    };
    std::vector<pair> sorted(flat_.size());
    std::size_t i = 0;
    for (std::uint32_t doc = 0; doc < ends_.size(); ++doc)
      for (; i < ends_[doc]; ++i)
        sorted[next[flat_[i].term]++] = {doc, flat_[i].count};
    out_.bytes_.reserve(sorted.size() * 2 + sorted.size() / 4);
    i = 0;
    for (auto& list : lists) {
      list.begin = out_.bytes_.size();
      std::uint32_t before = 0;
      for (std::uint32_t k = 0; k < list.frequency; ++k, ++i) {
        out_.write(sorted[i].doc - before);
        out_.write(sorted[i].count);
        before = sorted[i].doc;
      }
    }
    out_.bytes_.shrink_to_fit();
  }

private:
  struct found_term {
    std::uint32_t term;
    std::uint32_t count;
  };
  struct word_info {
    std::uint32_t term;
    bool stopped;
  };

  void add_words(std::string_view text) {
    for_each_word(text, [&](std::string_view word) {
      if (word.size() > longest_word)
        return;
      auto number = words_.add(word);
      if (number == infos_.size())
        infos_.push_back({out_.terms_.add(stem(word)), is_stop_word(word)});
      auto [term, stopped] = infos_[number];
      (stopped ? stopped_ : found_).push_back(term);
    });
  }

  segment& out_;
  term_table words_;
  std::vector<word_info> infos_;
  std::vector<std::uint32_t> found_;
  std::vector<std::uint32_t> stopped_;
  std::vector<found_term> flat_;
  std::vector<std::size_t> ends_;
};

/// Merges segments without reading their texts again.
class segment::merger {
public:
  merger(segment& out, std::span<const segment_view> parts)
    : out_(out), parts_(parts) {}

  void run() {
    number_shards();
    number_terms();
    for (std::uint32_t term = 0; term < out_.terms_.size(); ++term)
      join(term);
    out_.bytes_.shrink_to_fit();
  }

private:
  void number_shards() {
    std::uint32_t next = 0;
    for (const auto& part : parts_) {
      auto& numbers = docs_.emplace_back(part.seg->size());
      for (std::uint32_t i = 0; i < part.seg->size(); ++i) {
        if (!part.alive(i))
          continue;
        numbers[i] = next++;
        out_.length_ += (*part.seg)[i].terms;
      }
      out_.docs_.take(part.seg->docs_, [&](std::size_t i) {
        return part.alive(static_cast<std::uint32_t>(i));
      });
    }
  }

  void number_terms() {
    for (const auto& part : parts_) {
      auto& from = terms_.emplace_back(out_.terms_.size(), term_table::none);
      const auto& theirs = part.seg->terms_;
      for (std::uint32_t t = 0; t < theirs.size(); ++t) {
        auto ours = out_.terms_.add(theirs[t]);
        if (ours >= from.size())
          from.resize(ours + 1, term_table::none);
        from[ours] = t;
      }
    }
  }

  void join(std::uint32_t term) {
    posting_list list{out_.bytes_.size(), 0};
    std::uint32_t before = 0;
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      if (term >= terms_[p].size() || terms_[p][term] == term_table::none)
        continue;
      auto take = [&](std::uint32_t doc, std::uint32_t count) {
        if (!parts_[p].alive(doc))
          return;
        auto now = docs_[p][doc];
        out_.write(now - before);
        out_.write(count);
        before = now;
        ++list.frequency;
      };
      parts_[p].seg->scan(terms_[p][term], take);
    }
    out_.postings_.push_back(list);
  }

  segment& out_;
  std::span<const segment_view> parts_;
  /// For each part, its shards' new numbers.
  std::vector<std::vector<std::uint32_t>> docs_;
  /// For each part, the old number of each new term.
  std::vector<std::vector<std::uint32_t>> terms_;
};

segment_ptr segment::build(const std::vector<shard>& shards) {
  auto result = std::make_shared<segment>();
  result->docs_.add(shards);
  builder postings{*result};
  for (std::size_t i = 0; i < shards.size(); ++i)
    postings.add(shards[i], result->docs_[i]);
  postings.finish();
  result->index_ids();
  result->terms_.shrink();
  return result;
}

segment_ptr segment::merge(std::span<const segment_view> parts) {
  auto result = std::make_shared<segment>();
  merger{*result, parts}.run();
  result->index_ids();
  result->terms_.shrink();
  return result;
}

void segment::index_ids() {
  ids_.assign(std::bit_ceil(std::size_t{size()} * 2 + 2), {});
  auto mask = ids_.size() - 1;
  for (std::uint32_t i = 0; i < size(); ++i) {
    auto hash = id_hash(docs_[i].id());
    auto at = hash & mask;
    while (ids_[at].doc != UINT32_MAX)
      at = (at + 1) & mask;
    ids_[at] = {i, hash};
  }
}

std::optional<std::uint32_t> segment::find(std::string_view id) const {
  auto mask = ids_.size() - 1;
  auto hash = id_hash(id);
  for (auto at = hash & mask; ids_[at].doc != UINT32_MAX; at = (at + 1) & mask)
    if (ids_[at].hash == hash && docs_[ids_[at].doc].id() == id)
      return ids_[at].doc;
  return std::nullopt;
}

std::size_t segment::bytes() const {
  return docs_.bytes() + terms_.bytes() + bytes_.capacity()
       + postings_.capacity() * sizeof(posting_list)
       + ids_.capacity() * sizeof(id_slot);
}

} // namespace hololoom::detail
