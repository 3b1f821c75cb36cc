#include "support/catch.hpp"

#include <hololoom/actors/shuttle/weave/convergence.hpp>
#include <hololoom/actors/shuttle/weave/steps/steps.hpp>
#include <hololoom/messages/json/value.hpp>

#include <cmath>
#include <limits>
#include <map>

using namespace hololoom;

namespace {

std::vector<arm> arms_of(std::vector<double> ps) {
  std::vector<arm> result;
  for (std::size_t i = 0; i < ps.size(); ++i)
    result.push_back({"tool" + std::to_string(i), ps[i], {}, true});
  return result;
}

std::map<std::size_t, int> draw(const std::vector<arm>& arms,
                                collapse_options options, int times,
                                std::uint64_t seed = 1) {
  random_generator rng{seed};
  std::map<std::size_t, int> result;
  for (auto i = 0; i < times; ++i)
    ++result[collapse(arms, options, rng).index];
  return result;
}

query asked(std::string text) {
  query result;
  result.text = std::move(text);
  return result;
}

} // namespace

TEST_CASE("softmax") {
  auto p = softmax({1, 2, 0.5});
  CHECK(p[0] == Approx(.23122).margin(5e-6));
  CHECK(p[1] == Approx(.62853).margin(5e-6));
  CHECK(p[2] == Approx(.14024).margin(5e-6));
  CHECK(softmax({1000, 0})[0] == Approx(1));
  CHECK(softmax({}).empty());
}

TEST_CASE("argmax takes the most probable, the first of equals") {
  random_generator rng{1};
  auto result = collapse(arms_of({.2, .4, .4}), {bandit_strategy::argmax}, rng);
  CHECK(result.index == 1);
  CHECK(result.confidence == Approx(.4));
  CHECK(result.strategy_used == "argmax_exploitation");
}

TEST_CASE("a blend with fresh priors") {
  random_generator rng{1};
  auto result = collapse(arms_of({.5, .3, .15, .05}),
                         {bandit_strategy::bayesian_blend}, rng);
  CHECK(result.index == 0);
  CHECK(result.confidence == Approx(.5));
  CHECK(result.strategy_used == "bayesian_blend_(0.7neural+0.3bandit)");
  // The others' blends, from what makes each of them the best.
  auto arms = arms_of({.5, .3, .15, .05});
  arms[1].posterior = {9, 1, 8, 8, 8, 0};
  auto learned = collapse(arms, {bandit_strategy::bayesian_blend}, rng);
  CHECK(learned.index == 0);
  arms[0].posterior = {1, 9, 8, 0, 0, 8};
  learned = collapse(arms, {bandit_strategy::bayesian_blend}, rng);
  CHECK(learned.index == 1);
  CHECK(learned.confidence == Approx(.7 * .3 + .3 * .9));
}

TEST_CASE("an epsilon of 0 never explores, one of 1 always does") {
  auto arms = arms_of({.4, .3, .3});
  auto greedy = draw(arms, {bandit_strategy::epsilon_greedy, 0}, 200);
  CHECK(greedy[0] == 200);
  auto wild = draw(arms, {bandit_strategy::epsilon_greedy, 1}, 600);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(wild[i] > 130);
    CHECK(wild[i] < 270);
  }
}

TEST_CASE("exploring follows the posteriors") {
  auto arms = arms_of({.4, .3, .3});
  arms[2].posterior = {40, 2, 40, 39, 39, 1};
  arms[1].posterior = {2, 40, 40, 1, 1, 39};
  auto drawn = draw(arms, {bandit_strategy::epsilon_greedy, 1}, 300);
  CHECK(drawn[2] > 250);
  CHECK(drawn[1] < 5);
}

TEST_CASE("the strategy is reported with its share") {
  random_generator rng{1};
  auto arms = arms_of({.6, .4});
  CHECK(collapse(arms, {bandit_strategy::epsilon_greedy, 0}, rng).strategy_used
        == "epsilon_exploit_(1.00)");
  CHECK(collapse(arms, {bandit_strategy::epsilon_greedy, 1}, rng).strategy_used
        == "epsilon_explore_(1.00)");
}

TEST_CASE("pure Thompson sampling looks at the posteriors alone") {
  auto arms = arms_of({.98, .01, .01});
  arms[1].posterior = {50, 2, 50, 48, 48, 2};
  random_generator rng{1};
  auto result = collapse(arms, {bandit_strategy::pure_thompson}, rng);
  CHECK(result.index == 1);
  CHECK(result.confidence == Approx(50.0 / 52));
  CHECK(result.strategy_used == "pure_thompson");
}

TEST_CASE("an arm that must not be explored is never drawn by chance") {
  auto arms = arms_of({.4, .3, .3});
  arms[2].explorable = false;
  arms[2].posterior = {99, 1, 98, 98, 98, 0};
  for (auto strategy :
       {bandit_strategy::epsilon_greedy, bandit_strategy::pure_thompson,
        bandit_strategy::bayesian_blend})
    CHECK(draw(arms, {strategy, 1}, 200)[2] == 0);
}

TEST_CASE("probabilities that sum to 0 or are not finite become uniform") {
  auto none = normalise_probabilities({0, 0, 0, 0});
  CHECK(none == std::vector<double>{.25, .25, .25, .25});
  auto nan = std::nan("");
  CHECK(normalise_probabilities({nan, nan}) == std::vector<double>{.5, .5});
  auto inf = std::numeric_limits<double>::infinity();
  CHECK(normalise_probabilities({inf, 3, 1})
        == std::vector<double>{0, .75, .25});
}

TEST_CASE("the same seed draws the same") {
  auto arms = arms_of({.3, .3, .4});
  random_generator a{7};
  random_generator b{7};
  for (auto i = 0; i < 50; ++i)
    CHECK(collapse(arms, {bandit_strategy::pure_thompson}, a).index
          == collapse(arms, {bandit_strategy::pure_thompson}, b).index);
}

TEST_CASE("the words of a query choose the tool") {
  auto tools = builtin_tools();
  shuttle_options options;
  options.epsilon = 0;
  random_generator rng{1};
  auto tool_for = [&](std::string text) {
    auto made = converge(asked(std::move(text)), {}, tools, {}, options, rng);
    return made ? made->plan.chosen_tool : explain(made.error());
  };
  CHECK(tool_for("what is 12 * (3 + 4)") == "calc");
  CHECK(tool_for("2+2") == "calc");
  CHECK(tool_for("What is Thompson Sampling?") == "answer");
  CHECK(tool_for("How are Debian packages licensed?") == "answer");
  CHECK(tool_for("Explain lifecycle management") == "answer");
  CHECK(tool_for("find the licence of bash") == "search");
  CHECK(tool_for("Please search for exploration") == "search");
  CHECK(tool_for("note that the demo is on Friday") == "note");
  CHECK(tool_for("Could you please remember: buy milk") == "note");
  CHECK(tool_for("What happened in 2019-2023?") == "answer");
  CHECK(tool_for("What does RFC 2119/8174 say about keywords?") == "answer");
}

TEST_CASE("a clear hint wins over an answer, although others are tried") {
  auto tools = builtin_tools();
  REQUIRE(!tools.add(make_tool(
    "weather", [](const query&, const features&) { return 3.0; },
    [](const tool_input&) {
      return tool_result{"sunny", 1.0};
    })));
  random_generator rng{42};
  auto chosen = 0;
  for (auto i = 0; i < 200; ++i) {
    auto made =
      converge(asked("What is the weather in Rome?"), {}, tools, {}, {}, rng);
    REQUIRE(made);
    chosen += made->plan.chosen_tool == "weather" ? 1 : 0;
  }
  // One in ten is tried by chance.
  CHECK(chosen > 170);
}

TEST_CASE("a hundred arithmetic queries go to calc nearly always") {
  auto tools = builtin_tools();
  random_generator rng{42};
  std::map<std::string, int> chosen;
  double confidence = 0;
  for (auto i = 0; i < 100; ++i) {
    auto made = converge(asked("what is 12 * (3 + 4)"), {}, tools, {}, {}, rng);
    REQUIRE(made);
    ++chosen[made->plan.chosen_tool];
    confidence = made->confidence;
  }
  CHECK(chosen["calc"] >= 95);
  CHECK(confidence > 0.9);
}

TEST_CASE("a note is never chosen for the sake of learning") {
  auto tools = builtin_tools();
  shuttle_options options;
  options.epsilon = 1;
  policy_snapshot learned;
  learned.version = 50;
  learned.tools["note"] = {50, 1, 49, 49, 49, 0};
  for (auto strategy :
       {bandit_strategy::epsilon_greedy, bandit_strategy::pure_thompson,
        bandit_strategy::bayesian_blend}) {
    options.strategy = strategy;
    random_generator rng{3};
    for (auto i = 0; i < 100; ++i) {
      auto made =
        converge(asked("What is a shard?"), {}, tools, learned, options, rng);
      REQUIRE(made);
      CHECK(made->plan.chosen_tool != "note");
    }
  }
}

TEST_CASE("a query may allow side effects to be tried") {
  auto tools = builtin_tools();
  auto question = asked("What is a shard?");
  auto share = [&] {
    return weigh_tools(tools, question, {}, {}, 2.0)[3].probability;
  };
  CHECK(share() == 0);
  question.metadata.set("allow_side_effects", true);
  CHECK(share() > 0);
  question.metadata.set("allow_side_effects", "yes");
  CHECK(share() == 0);
}

TEST_CASE("a tool that did not help loses its share") {
  auto tools = builtin_tools();
  query question = asked("What is a shard?");
  auto share = [&](const policy_snapshot& learned) {
    auto arms = weigh_tools(tools, question, {}, learned, 2.0);
    return arms[0].probability;
  };
  policy_snapshot learned;
  auto before = share(learned);
  double last = before;
  for (auto i = 1; i <= 10; ++i) {
    learned.version = i;
    learned.tools["answer"].beta += 1;
    CHECK(share(learned) < last);
    last = share(learned);
  }
  CHECK(last < before / 2);
}

TEST_CASE("learning may raise exploration, but not from 0") {
  auto tools = builtin_tools();
  policy_snapshot learned;
  learned.epsilon = 0.3;
  shuttle_options options;
  random_generator rng{1};
  auto epsilon = [&] {
    auto made =
      converge(asked("hello there"), {}, tools, learned, options, rng);
    return made->statistics.values()["epsilon"].get<double>();
  };
  CHECK(epsilon() == 0.3);
  options.epsilon = 0;
  CHECK(epsilon() == 0);
  options.epsilon = 0.1;
  learned.epsilon = 5.0;
  CHECK(epsilon() == 0.3);
}

TEST_CASE("convergence without a suitable tool is an error") {
  tool_registry tools;
  REQUIRE(!tools.add(make_note_tool()));
  random_generator rng{1};
  auto made = converge(asked("What is a shard?"), {}, tools, {}, {}, rng);
  REQUIRE(!made);
  CHECK(is(made.error(), errc::unknown_tool));
}
