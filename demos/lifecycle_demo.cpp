// The sample shows:
//   1. a loom in a scope: weave and reflect, and leave the scope to close it;
//   2. closing a loom explicitly, and that closing it again is harmless;
//   3. three background coroutines that would run for 10, 15 and 20 s, each
//      cancelled long before that and cleaned up;
//   4. three queries with feedback in FUSED mode, the success rates learned
//   from
//      them, and that these are on disk afterwards.
// It checks its claims, and ends with 1 if one is false.

#include "claims.hpp"

#include <hololoom/messages/json/read.hpp>
#include <hololoom/runtime/loom.hpp>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>

using namespace std::chrono_literals;
using hololoom::background;
using hololoom::config;
using hololoom::feedback;
using hololoom::loom;
using hololoom::task;
using hololoom::task_context;

namespace {

std::vector<hololoom::shard> sample_shards() {
  return {
    {.id = "shard_001",
     .text = "Thompson Sampling is a Bayesian approach to the multi-armed "
             "bandit: it draws from the posterior of each arm and plays the "
             "best draw.",
     .episode = "docs"},
    {.id = "shard_002",
     .text = "Exploration tries what is uncertain, exploitation uses what is "
             "known to be good. Exploration works by giving uncertain "
             "choices a chance.",
     .episode = "docs"},
    {.id = "shard_003",
     .text = "Lifecycle management cancels background tasks, flushes data to "
             "disk and releases every resource on the way out.",
     .episode = "docs"}};
}

/// Opens a loom that knows the shards, or ends the program with the reason.
loom open_loom(config cfg) {
  auto opened = loom::open(std::move(cfg));
  if (opened) {
    auto kept = opened->remember(sample_shards());
    if (kept)
      return std::move(*opened);
    std::cerr << hololoom::explain(kept.error()) << '\n';
  } else {
    std::cerr << hololoom::explain(opened.error()) << '\n';
  }
  std::exit(1);
}

void print(const hololoom::spacetime& woven) {
  std::cout << "  " << woven.query_text << "\n    " << woven.response
            << "\n    [" << woven.tool_used << ", confidence "
            << woven.confidence << ", " << woven.trace.duration.count()
            << " ms]\n";
}

// -- 1. -----------------------------------------------------------------------

void scope_demo(demo::claims& claims) {
  std::cout << "\n1. A scope closes by itself\n";
  std::atomic<bool> closed = false;
  {
    auto loom = open_loom(config::fast());
    auto refused = loom.at_shutdown(hololoom::cascade_phase::stores, "tell", 1s,
                                    [&] { closed = true; });
    claims.check(!refused, "a shutdown hook was added");
    auto woven = loom.weave("What is lifecycle management?");
    claims.check(woven.engaged(), "the query was answered");
    if (woven) {
      print(*woven);
      auto ack = loom.reflect(*woven, {.helpful = true, .rating = 5.0});
      claims.check(ack && ack->success, "the feedback made it a success");
    }
    auto metrics = loom.reflection_metrics();
    claims.check(metrics && metrics->total_cycles == 1, "one episode counted");
    claims.check(!closed, "nothing is closed inside the scope");
  }
  claims.check(closed, "leaving the scope ran the whole cascade");
}

// -- 2. -----------------------------------------------------------------------

void manual_demo(demo::claims& claims) {
  std::cout << "\n2. Closing explicitly\n";
  auto loom = open_loom(config::bare());
  auto woven = loom.weave("What is Thompson Sampling?");
  claims.check(woven.engaged(), "the query was answered");
  if (woven)
    print(*woven);
  auto first = loom.close();
  auto second = loom.close();
  claims.check(first.exit_code == 0, "every actor ended by itself");
  claims.check(first == second, "a second close returns the same report");
  claims.check(!loom.weave("Anybody there?"), "a weave after it is refused");
  std::cout << "  closed in " << first.total.count() << " ms: ";
  for (const auto& phase : first.phases)
    std::cout << phase.name << ' ' << phase.took.count() << " ms  ";
  std::cout << '\n';
}

// -- 3. -----------------------------------------------------------------------

struct tally {
  std::atomic<int> finished = 0;
  std::atomic<int> cleaned_up = 0;
};

task long_task(task_context ctx, std::chrono::seconds length, tally& count) {
  try {
    co_await ctx.sleep_for(length);
    ++count.finished;
  } catch (const hololoom::cancelled&) {
    ++count.cleaned_up;
    throw;
  }
}

void background_demo(demo::claims& claims) {
  std::cout << "\n3. Background tasks of 10, 15 and 20 s\n";
  tally count;
  std::chrono::steady_clock::time_point leaving;
  {
    auto loom = open_loom(config::fast());
    for (auto length : {10s, 15s, 20s}) {
      auto name = "task-" + std::to_string(length.count()) + "s";
      auto started = loom.spawn_background(
        background::coroutine(name, [length, &count](task_context ctx) {
          return long_task(ctx, length, count);
        }));
      claims.check(started.engaged(), name + " runs");
    }
    auto woven = loom.weave("How does exploration work?");
    claims.check(woven.engaged(), "a query is answered while they run");
    if (woven)
      print(*woven);
    leaving = std::chrono::steady_clock::now();
  }
  auto took = std::chrono::steady_clock::now() - leaving;
  std::cout << "  closed in "
            << std::chrono::duration<double, std::milli>(took).count()
            << " ms\n";
  claims.check(count.finished == 0, "none ran to its end");
  claims.check(count.cleaned_up == 3, "each of the three cleaned up");
  claims.check(took < 2s, "closing took well under the 5 s of grace");
}

// -- 4. -----------------------------------------------------------------------

/// A folder for one run of the demo.
struct scratch_folder {
  std::filesystem::path path = std::filesystem::temp_directory_path()
                             / ("hololoom-demo-" + std::to_string(::getpid()));
  ~scratch_folder() {
    std::error_code ec;
    std::filesystem::remove_all(path, ec);
  }
};

hololoom::reflection_metrics read_summary(const std::filesystem::path& file) {
  std::ifstream in{file};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  auto read = hololoom::from_json_text<hololoom::reflection_metrics>(text);
  return read ? *read : hololoom::reflection_metrics{};
}

void check_counts(demo::claims& claims,
                  const hololoom::reflection_metrics& counted) {
  using lengths = std::vector<std::int64_t>;
  claims.check(counted.total_cycles == 3, "three cycles");
  claims.check(counted.successful_cycles == 2 && counted.failed_cycles == 1,
               "two successes and one failure");
  claims.check(counted.success_rate() > 0.666 && counted.success_rate() < 0.667,
               "a success rate of two thirds");
  claims.check(counted.successful_query_lengths == lengths{26, 28}
                 && counted.failed_query_lengths == lengths{26},
               "query lengths 26 and 28 with success, 26 without");
  double successes = 0;
  for (const auto& [tool, rate] : counted.tool_success_rates)
    successes += rate * static_cast<double>(counted.tool_usage_counts.at(tool));
  claims.check(successes > 1.999 && successes < 2.001,
               "the success rates of the tools add up to two");
}

void reflection_demo(demo::claims& claims) {
  std::cout << "\n4. Three queries with feedback, FUSED\n";
  scratch_folder scratch;
  auto cfg = config::fused();
  cfg.data_dir = scratch.path.string();
  {
    auto loom = open_loom(cfg);
    const std::vector<std::pair<std::string, feedback>> rounds{
      {"What is Thompson Sampling?", {.helpful = true, .rating = 5.0}},
      {"Explain lifecycle management", {.helpful = true, .rating = 4.0}},
      {"How does exploration work?", {.helpful = false, .rating = 2.0}}};
    for (const auto& [text, said] : rounds) {
      auto woven = loom.weave_and_reflect(text, said);
      claims.check(woven.engaged(), "answered, and the episode is on disk");
      if (woven)
        print(*woven);
    }
    if (auto metrics = loom.reflection_metrics())
      check_counts(claims, *metrics);
  }
  auto kept = read_summary(scratch.path / "metrics_summary.json");
  claims.check(kept.total_cycles == 3, "metrics_summary.json has all three");
  auto again = open_loom(cfg);
  auto metrics = again.reflection_metrics();
  claims.check(metrics && metrics->total_cycles == 3,
               "and so has a loom that is opened afterwards");
}

} // namespace

int main() {
  demo::claims claims;
  scope_demo(claims);
  manual_demo(claims);
  background_demo(claims);
  reflection_demo(claims);
  return claims.exit_code();
}
