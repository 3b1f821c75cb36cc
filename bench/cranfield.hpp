#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

/// The Cranfield collection, and a judge of rankings on it.

namespace hololoom::bench {

struct cranfield_document {
  int number = 0;
  std::string title;
  std::string text;
};

struct cranfield {
  std::vector<cranfield_document> documents;
  /// By position, from 0.
  std::vector<std::string> questions;
  /// For each question, the numbers of the documents that answer it.
  std::vector<std::set<int>> relevant;
};

/// Reads `cran.all.1400`, `cran.qry` and `cranqrel` from a folder. Empty if
/// they are not there.
cranfield read_cranfield(const std::string& folder);

/// The quality of rankings, averaged over questions.
struct quality {
  double ndcg10 = 0;
  double map = 0;
};

/// Judges one ranking (document numbers, best first) for each question.
quality judge(const cranfield& data,
              const std::vector<std::vector<int>>& rankings);

/// The rankings of SQLite's FTS5: porter, title and body columns, the words of
/// the question less some stop words joined by OR, ranked by bm25().
std::vector<std::vector<int>> fts5_rankings(const cranfield& data);

} // namespace hololoom::bench
