#include "reflection/make.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/reflection/learning/reward.hpp>
#include <hololoom/actors/reflection/make_episode.hpp>

using namespace hololoom;

namespace {

spacetime with(double confidence, double duration_ms = 100) {
  return test::woven("q", "answer", confidence, duration_ms);
}

maybe<feedback> said(bool helpful, double rating) {
  feedback result;
  result.helpful = helpful;
  result.rating = rating;
  return result;
}

void add_errors(spacetime& x, int n) {
  for (auto i = 0; i < n; ++i)
    x.trace.errors.push_back({"tool", "it failed", "internal"});
}

void add_warnings(spacetime& x, int n) {
  for (auto i = 0; i < n; ++i)
    x.trace.warnings.push_back("odd");
}

} // namespace

TEST_CASE("the blended reward weighs confidence and feedback") {
  CHECK(blended_reward(with(.27), said(true, 5)) == Approx(.8175));
  CHECK(blended_reward(with(.27), said(true, 4)) == Approx(.7175));
  CHECK(blended_reward(with(.27), said(false, 2)) == Approx(.2675));
  auto failed = with(.9);
  add_errors(failed, 1);
  CHECK(blended_reward(failed, nothing) == Approx(.27));
  auto warned = with(.8);
  add_warnings(warned, 1);
  CHECK(blended_reward(warned, nothing) == Approx(.64));
  auto scored = with(.8);
  scored.quality_score = .5;
  CHECK(blended_reward(scored, nothing) == Approx(.71));
  scored.quality_score = .9;
  CHECK(blended_reward(scored, said(true, 4)) == Approx(.865));
}

TEST_CASE("the extracted reward weighs confidence, quality and time") {
  auto check = [](const spacetime& x, double raw, double normal) {
    auto reward = extracted_reward(x, nothing);
    CHECK(reward == Approx(raw));
    CHECK(normalised(reward) == Approx(normal));
  };
  auto scored = with(.87, 850);
  scored.quality_score = .92;
  check(scored, .813, .9065);
  check(with(.27, 1177), .23415, .617075);
  auto failed = with(0, 10);
  add_errors(failed, 1);
  check(failed, -.401, .2995);
  check(with(.9, 2500), .46, .73);
  auto warned = with(.8, 100);
  add_warnings(warned, 2);
  check(warned, .61, .805);
}

TEST_CASE("a rating alone decides the extracted reward") {
  double expected[] = {-1, -.6, -.2, .2, .6, 1};
  for (auto rating = 0; rating <= 5; ++rating)
    CHECK(rating_reward(rating) == Approx(expected[rating]));
  feedback helpful;
  helpful.helpful = true;
  CHECK(extracted_reward(with(.1), helpful) == 1);
  helpful.helpful = false;
  CHECK(extracted_reward(with(.9), helpful) == -1);
  helpful.rating = 3;
  CHECK(extracted_reward(with(.9), helpful) == Approx(.2));
}

TEST_CASE("NaN and infinity do not become rewards") {
  CHECK(blended_reward(with(std::nan("")), nothing) == 0);
  CHECK(std::isfinite(extracted_reward(with(std::nan("")), nothing)));
}

TEST_CASE("the formula is recorded with the episode") {
  reflection_options options;
  reflect_request request;
  request.woven = with(.9);
  CHECK(make_episode(options, request)->formula == reward_formula::extracted);
  options.formula = reward_formula::blended;
  CHECK(make_episode(options, request)->formula == reward_formula::blended);
  request.reward = .5;
  auto given = make_episode(options, request);
  CHECK(given->formula == reward_formula::given);
  CHECK(!given->success);
  options.success_threshold = .5;
  CHECK(make_episode(options, request)->success);
}
