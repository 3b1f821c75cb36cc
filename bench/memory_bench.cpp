// How well and how fast memory finds shards.
//
//   memory_bench cranfield DIR   quality on the Cranfield collection (its three
//                                files in DIR), beside SQLite's FTS5
//   memory_bench load PATH...    reads files and folders into memory, asks a
//                                few questions, and says how long it took

#include "cranfield.hpp"

#include <hololoom/actors/memory/index/shard_index.hpp>
#include <hololoom/actors/memory/reading/source_reader.hpp>
#include <hololoom/messages/json/value.hpp>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <sys/resource.h>
#include <vector>

namespace {

using namespace hololoom;

using steady = std::chrono::steady_clock;

double ms_since(steady::time_point start) {
  return std::chrono::duration<double, std::milli>(steady::now() - start)
    .count();
}

shard_index_ptr index_of(const bench::cranfield& data) {
  std::vector<shard> shards;
  for (const auto& x : data.documents) {
    // One of them has no text at all.
    if (x.text.empty())
      continue;
    auto& made = shards.emplace_back();
    made.id = std::to_string(x.number);
    made.text = x.text;
    made.metadata.set("heading", x.title);
  }
  return shard_index::build(std::move(shards));
}

bench::quality measure(const bench::cranfield& data, const shard_index& index,
                       retrieval_mode mode, double bm25_weight) {
  std::vector<std::vector<int>> rankings;
  for (const auto& question : data.questions) {
    search_options how;
    how.mode = mode;
    how.limit = index_limits{}.candidates;
    how.bm25_weight = bm25_weight;
    auto& ranking = rankings.emplace_back();
    for (const auto& x : index.search(index.view(question), how))
      ranking.push_back(std::stoi(std::string{index.id(x.which)}));
  }
  return bench::judge(data, rankings);
}

int run_cranfield(const std::string& folder) {
  auto data = bench::read_cranfield(folder);
  if (data.documents.empty()) {
    std::printf("skipped: there is no Cranfield collection in %s\n",
                folder.c_str());
    return 0;
  }
  auto show = [](const char* name, double weight, const bench::quality& x) {
    std::printf("%-6s %8.2f %8.4f %8.4f\n", name, weight, x.ndcg10, x.map);
  };
  std::printf("%-6s %8s %8s %8s\n", "", "bm25", "nDCG@10", "MAP");
  auto baseline = bench::judge(data, bench::fts5_rankings(data));
  show("FTS5", 1, baseline);
  auto index = index_of(data);
  for (auto weight : {0.0, 0.15, 0.5, 1.0})
    show("fast", weight, measure(data, *index, retrieval_mode::fast, weight));
  for (auto weight : {0.0, 0.15, 0.5, 1.0})
    show("fused", weight, measure(data, *index, retrieval_mode::fused, weight));
  auto weight = search_options{}.bm25_weight;
  auto ours = measure(data, *index, retrieval_mode::fused, weight);
  show("fused", weight, ours);
  std::printf("by default %+.1f %% of FTS5's nDCG@10\n",
              100 * (ours.ndcg10 / baseline.ndcg10 - 1));
  return ours.ndcg10 > baseline.ndcg10 ? 0 : 1;
}

int run_load(const std::vector<std::string>& paths) {
  auto start = steady::now();
  auto index = shard_index::empty();
  auto report = read_sources(paths, [&](source_batch batch) {
    index = index->with(std::move(batch.shards));
    return caf::error{};
  });
  if (!report)
    return 1;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%.1f s: %lu files, %lu shards, %.0f MB of text, %zu skipped; "
              "index %.0f MB, at most %ld MB resident\n",
              ms_since(start) / 1000, report->files, report->shards,
              static_cast<double>(report->text_bytes) / 1e6,
              report->skipped.size(), static_cast<double>(index->bytes()) / 1e6,
              usage.ru_maxrss / 1024);
  for (const auto* question :
       {"How are Debian packages licensed?", "What is the license of bash?",
        "how to report a bug in a package", "lisense of pythn"}) {
    for (const auto* when : {"first", "again"}) {
      start = steady::now();
      auto hits = index->search(index->view(question));
      std::printf("%6.1f ms %s: %s -> %s\n", ms_since(start), when, question,
                  hits.empty()
                    ? "nothing"
                    : index->at(hits[0].which).metadata.text("source").c_str());
    }
  }
  shard note;
  note.id = "note";
  note.text = "One more note, about zebras.";
  start = steady::now();
  auto more = index->with({note});
  std::printf("%6.2f ms to add a note\n", ms_since(start));
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "cranfield") == 0)
    return run_cranfield(argv[2]);
  if (argc >= 3 && std::strcmp(argv[1], "load") == 0)
    return run_load({argv + 2, argv + argc});
  std::puts("usage: memory_bench cranfield DIR | load PATH...");
  return 64;
}
