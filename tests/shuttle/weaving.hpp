#pragma once

#include <hololoom/actors/shuttle/weave/weave.hpp>
#include <hololoom/messages/json/value.hpp>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// Fixtures of the tests of the weave.
namespace hololoom::test {

inline shard make_shard(std::string id, std::string text,
                        std::string source = {}) {
  shard result;
  result.id = std::move(id);
  result.text = std::move(text);
  result.episode = "docs";
  if (!source.empty())
    result.metadata.set("source", std::move(source));
  return result;
}

/// The three shards of the demos.
inline shard_index_ptr demo_memory() {
  return shard_index::build(
    {make_shard("shard_001",
                "Thompson Sampling is a Bayesian approach to the multi-armed "
                "bandit problem. It draws from the posterior of each arm and "
                "plays the best draw."),
     make_shard("shard_002",
                "Exploration tries arms that are not known well. Exploitation "
                "plays the arm that did best so far. A good policy balances "
                "exploration and exploitation."),
     make_shard("shard_003",
                "Lifecycle management means that resources are acquired at the "
                "start and released at the end. Cleanup must happen even when "
                "something fails.",
                "/docs/lifecycle.md")});
}

/// Time that stands still until a test moves it.
struct manual_clock {
  std::shared_ptr<std::chrono::steady_clock::time_point> time =
    std::make_shared<std::chrono::steady_clock::time_point>(
      std::chrono::hours{1000});

  clock_function function() const {
    return [time = time] {
      return *time;
    };
  }
  void advance(millis x) const {
    *time += std::chrono::duration_cast<std::chrono::steady_clock::duration>(x);
  }
};

/// A tool made of functions.
class custom_tool final : public tool {
public:
  using runner = std::function<caf::expected<tool_result>(const tool_input&)>;

  custom_tool(std::string name, double cue, runner run)
    : name_(std::move(name)), cue_(cue), run_(std::move(run)) {}

  std::string_view name() const override { return name_; }
  double cue(const query&, const features&) const override { return cue_; }
  caf::expected<tool_result> run(const tool_input& in) const override {
    return run_(in);
  }

private:
  std::string name_;
  double cue_;
  runner run_;
};

/// A registry of one tool, which is always chosen.
inline std::shared_ptr<const tool_registry> only(custom_tool::runner run) {
  auto result = std::make_shared<tool_registry>();
  if (auto refused = result->add(
        std::make_shared<custom_tool>("custom", 9.0, std::move(run))))
    throw std::runtime_error{explain(refused)};
  return result;
}

/// Weaves over the demo's memory, on a manual clock.
struct loom_bench {
  weave_setting setting;
  weave_order order;
  manual_clock clock;
  random_generator rng{1};

  loom_bench() {
    setting.tools = std::make_shared<const tool_registry>(builtin_tools());
    setting.clock = clock.function();
    setting.options.epsilon = 0;
    order.memory = demo_memory();
  }

  spacetime weave(std::string text) {
    order.id = "id-1";
    order.request.asked.text = std::move(text);
    order.admitted = *clock.time;
    weave_run run{setting, order, rng};
    if (auto effect = run.run()) {
      auto ack = remember(*effect);
      if (ack)
        run.effect_done(*ack);
      else
        run.effect_failed(ack.error());
    }
    return run.finish();
  }

  std::function<caf::expected<remember_ack>(const remember_request&)> remember =
    [](const remember_request&) -> caf::expected<remember_ack> {
    return failure(errc::unavailable, "there is no memory to write to");
  };
};

} // namespace hololoom::test
