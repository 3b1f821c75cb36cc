#include "cranfield.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace hololoom::bench {

namespace {

/// Calls `f(tag, value)` for each field: `.I` with its number, others with the
/// lines that follow.
template <class F>
void for_each_field(const std::string& path, F&& f) {
  std::ifstream in{path};
  std::string line;
  std::string tag;
  std::string value;
  auto emit = [&] {
    if (!tag.empty())
      f(tag, value);
    value.clear();
  };
  while (std::getline(in, line)) {
    auto starts = line.size() >= 2 && line[0] == '.' && line[1] >= 'A'
               && line[1] <= 'Z' && (line.size() == 2 || line[2] == ' ');
    if (!starts) {
      value += (value.empty() ? "" : "\n") + line;
      continue;
    }
    emit();
    tag = line.substr(1, 1);
    if (line.size() > 3)
      value = line.substr(3);
  }
  emit();
}

void run(sqlite3* db, const char* sql) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    throw std::runtime_error(sqlite3_errmsg(db));
}

/// The words of a question as an FTS5 expression.
std::string any_of(const std::string& question) {
  static const std::set<std::string, std::less<>> stop{
    "a",    "about", "an",    "and",   "any",  "are",   "as",   "at",   "be",
    "been", "by",    "can",   "could", "do",   "does",  "for",  "from", "has",
    "have", "how",   "if",    "in",    "is",   "it",    "its",  "of",   "on",
    "or",   "some",  "such",  "that",  "the",  "there", "this", "to",   "was",
    "what", "when",  "which", "who",   "will", "with"};
  std::string result;
  std::string word;
  auto emit = [&] {
    if (!word.empty() && !stop.contains(word))
      result += (result.empty() ? "\"" : " OR \"") + word + "\"";
    word.clear();
  };
  for (auto c : question) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else
      emit();
  }
  emit();
  return result;
}

} // namespace

cranfield read_cranfield(const std::string& folder) {
  cranfield result;
  for_each_field(folder + "/cran.all.1400",
                 [&](const std::string& tag, const std::string& value) {
                   if (tag == "I")
                     result.documents.push_back({std::stoi(value), "", ""});
                   else if (tag == "T")
                     result.documents.back().title = value;
                   else if (tag == "W")
                     result.documents.back().text = value;
                 });
  for_each_field(folder + "/cran.qry",
                 [&](const std::string& tag, const std::string& value) {
                   if (tag == "W")
                     result.questions.push_back(value);
                 });
  result.relevant.resize(result.questions.size());
  std::ifstream judgements{folder + "/cranqrel"};
  std::size_t question = 0;
  int document = 0;
  int code = 0;
  while (judgements >> question >> document >> code)
    if (code >= 1 && code <= 4 && question <= result.relevant.size())
      result.relevant[question - 1].insert(document);
  return result;
}

quality judge(const cranfield& data,
              const std::vector<std::vector<int>>& rankings) {
  quality sum;
  for (std::size_t q = 0; q < rankings.size(); ++q) {
    const auto& relevant = data.relevant[q];
    auto gain = 0.0;
    auto ideal = 0.0;
    auto precision = 0.0;
    auto found = 0.0;
    for (std::size_t i = 0; i < rankings[q].size(); ++i) {
      if (!relevant.contains(rankings[q][i]))
        continue;
      found += 1;
      precision += found / static_cast<double>(i + 1);
      if (i < 10)
        gain += 1 / std::log2(static_cast<double>(i) + 2);
    }
    for (std::size_t i = 0; i < std::min<std::size_t>(relevant.size(), 10); ++i)
      ideal += 1 / std::log2(static_cast<double>(i) + 2);
    sum.ndcg10 += ideal > 0 ? gain / ideal : 0;
    sum.map +=
      relevant.empty() ? 0 : precision / static_cast<double>(relevant.size());
  }
  auto count = static_cast<double>(std::max<std::size_t>(rankings.size(), 1));
  return {sum.ndcg10 / count, sum.map / count};
}

std::vector<std::vector<int>> fts5_rankings(const cranfield& data) {
  sqlite3* db = nullptr;
  sqlite3_open(":memory:", &db);
  run(db, "create virtual table docs using fts5(title, body, "
          "tokenize='porter unicode61')");
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(db,
                     "insert into docs(rowid, title, body) values (?, ?, ?)",
                     -1, &insert, nullptr);
  for (const auto& x : data.documents) {
    sqlite3_bind_int(insert, 1, x.number);
    sqlite3_bind_text(insert, 2, x.title.c_str(), -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 3, x.text.c_str(), -1, SQLITE_STATIC);
    sqlite3_step(insert);
    sqlite3_reset(insert);
  }
  sqlite3_finalize(insert);
  sqlite3_stmt* select = nullptr;
  sqlite3_prepare_v2(db,
                     "select rowid from docs where docs match ? "
                     "order by bm25(docs), rowid limit 1000",
                     -1, &select, nullptr);
  std::vector<std::vector<int>> result;
  for (const auto& question : data.questions) {
    auto expression = any_of(question);
    sqlite3_bind_text(select, 1, expression.c_str(), -1, SQLITE_STATIC);
    auto& ranking = result.emplace_back();
    while (sqlite3_step(select) == SQLITE_ROW)
      ranking.push_back(sqlite3_column_int(select, 0));
    sqlite3_reset(select);
  }
  sqlite3_finalize(select);
  sqlite3_close(db);
  return result;
}

} // namespace hololoom::bench
