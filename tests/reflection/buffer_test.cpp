#include "reflection/running_buffer.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/reflection/metrics_summary.hpp>

using namespace hololoom;
using namespace hololoom::test;

namespace {

feedback rated(double rating) {
  feedback result;
  result.rating = rating;
  return result;
}

} // namespace

TEST_CASE("an acknowledged reflection survives a restart") {
  scratch_directory dir;
  reflection_metrics before;
  policy_snapshot policy;
  {
    running_buffer buffer{options_in(dir)};
    REQUIRE(!buffer.opened());
    auto ack = buffer.ask<reflect_ack>(
      reflection("What is Thompson Sampling?", "answer", 0.8));
    REQUIRE(ack);
    CHECK(ack->sequence == 1);
    CHECK(ack->durable);
    CHECK(ack->formula == reward_formula::extracted);
    REQUIRE(buffer.ask<reflect_ack>(reflection("Why?", "calc", 0.2, rated(1))));
    before = *buffer.ask<reflection_metrics>(metrics_query{});
    policy = *buffer.ask<policy_snapshot>(policy_query{});
    CHECK(before.total_cycles == 2);
    CHECK(before.successful_cycles == 1);
  }
  running_buffer buffer{options_in(dir)};
  CHECK(*buffer.ask<reflection_metrics>(metrics_query{}) == before);
  CHECK(*buffer.ask<policy_snapshot>(policy_query{}) == policy);
  auto page = buffer.ask<episode_page>(episodes_query{});
  REQUIRE(page);
  CHECK(page->episodes.size() == 2);
  CHECK(*read_summary(dir.path()) == before);
}

TEST_CASE("requests that arrive before the journal is open wait for it") {
  scratch_directory dir;
  running_buffer buffer{options_in(dir)};
  CHECK(buffer.ask<reflect_ack>(reflection("Now?", "answer", 0.9)));
}

TEST_CASE("a retried reflection counts once and gets the same answer") {
  scratch_directory dir;
  running_buffer buffer{options_in(dir)};
  auto request = reflection("Twice?", "answer", 0.9);
  request.episode_id = "twice";
  auto first = buffer.ask<reflect_ack>(request);
  auto second = buffer.ask<reflect_ack>(request);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(!first->duplicate);
  CHECK(second->duplicate);
  second->duplicate = false;
  CHECK(*first == *second);
  CHECK(buffer.ask<reflection_metrics>(metrics_query{})->total_cycles == 1);
}

TEST_CASE("another reflection under a known id is refused, and changes "
          "nothing") {
  scratch_directory dir;
  running_buffer buffer{options_in(dir)};
  auto request = reflection("Twice?", "answer", 0.9);
  request.episode_id = "twice";
  REQUIRE(buffer.ask<reflect_ack>(request));
  auto before = *buffer.ask<episode_page>(episodes_query{});
  auto refused = [&](const auto& x) {
    auto ack = buffer.ask<reflect_ack>(x);
    REQUIRE(!ack);
    CHECK(is(ack.error(), errc::id_conflict));
    CHECK_THAT(explain(ack.error()),
               Catch::Matchers::Contains(to_iso8601(before.episodes[0].at)));
  };
  auto other = request;
  other.woven.response = "Another answer.";
  refused(other);
  other = request;
  other.said = rated(5);
  refused(other);
  other = request;
  other.reward = before.episodes[0].reward;
  refused(other);
  // What was stored comes back from an export as it is.
  CHECK(buffer.ask<reflect_ack>(import_request{before.episodes[0]})->duplicate);
  auto edited = before.episodes[0];
  edited.reward = 0.25;
  refused(import_request{edited});
  CHECK(*buffer.ask<episode_page>(episodes_query{}) == before);
  CHECK(!buffer.ask<reflection_status>(reflection_status_query{})->degraded);
}

TEST_CASE("a reflection on a spacetime may be retried once retention has "
          "dropped that") {
  auto x = woven("What is a warp?", "answer", 0.7);
  reflection_options options;
  options.retain_spacetimes = 1;
  running_buffer buffer{options};
  REQUIRE(buffer.ask<record_ack>(record_request{x}));
  reflect_on_request on;
  on.episode_id = "on";
  on.spacetime_id = x.id;
  on.said = rated(5);
  REQUIRE(buffer.ask<reflect_ack>(on));
  for (auto i = 0; i < 4; ++i)
    REQUIRE(buffer.ask<record_ack>(record_request{woven("?", "answer", 0.7)}));
  auto again = buffer.ask<reflect_ack>(on);
  if (!again)
    FAIL(explain(again.error()));
  CHECK(again->duplicate);
  on.said = rated(1);
  CHECK(is(buffer.ask<reflect_ack>(on).error(), errc::id_conflict));
  on.episode_id = "another";
  CHECK(is(buffer.ask<reflect_ack>(on).error(), errc::not_found));
}

TEST_CASE("another spacetime under a recorded id is refused") {
  running_buffer buffer{reflection_options{}};
  auto x = woven("What is a warp?", "answer", 0.7);
  REQUIRE(buffer.ask<record_ack>(record_request{x}));
  CHECK(buffer.ask<record_ack>(record_request{x}));
  x.response += " Or another.";
  auto other = buffer.ask<record_ack>(record_request{x});
  REQUIRE(!other);
  CHECK(is(other.error(), errc::id_conflict));
}

TEST_CASE("a rating out of range is refused with the field's name") {
  scratch_directory dir;
  running_buffer buffer{options_in(dir)};
  for (auto rating : {0.0, 5.5, -1.0, std::nan("")}) {
    auto ack = buffer.ask<reflect_ack>(
      reflection("Good?", "answer", 0.9, rated(rating)));
    REQUIRE(!ack);
    CHECK(is(ack.error(), errc::invalid_feedback));
    CHECK_THAT(explain(ack.error()), Catch::Matchers::Contains("rating"));
  }
  auto request = reflection("Good?", "answer", 0.9);
  request.reward = 2.0;
  auto ack = buffer.ask<reflect_ack>(request);
  REQUIRE(!ack);
  CHECK_THAT(explain(ack.error()), Catch::Matchers::Contains("reward"));
}

TEST_CASE("a reflection refers to a recorded spacetime by its id") {
  scratch_directory dir;
  auto x = woven("What is a warp?", "answer", 0.7);
  {
    running_buffer buffer{options_in(dir)};
    REQUIRE(buffer.ask<record_ack>(record_request{x}));
  }
  running_buffer buffer{options_in(dir)};
  reflect_on_request on;
  on.spacetime_id = x.id;
  on.said = rated(5);
  auto ack = buffer.ask<reflect_ack>(on);
  if (!ack)
    FAIL(explain(ack.error()));
  CHECK(ack->reward == 1.0);
  auto page = buffer.ask<episode_page>(episodes_query{});
  REQUIRE(page->episodes.size() == 1);
  CHECK(page->episodes[0].woven == x);
  on.spacetime_id = "unheard-of";
  auto unknown = buffer.ask<reflect_ack>(on);
  REQUIRE(!unknown);
  CHECK(is(unknown.error(), errc::not_found));
}

TEST_CASE("durations beyond all measure leave sums finite and the directory "
          "usable") {
  scratch_directory dir;
  auto sign = GENERATE(1.0, -1.0);
  {
    running_buffer buffer{options_in(dir)};
    for (auto i = 0; i < 4; ++i) {
      auto request = reflection("Long?", "answer", 0.9);
      request.woven.trace.duration = millis{sign * 1.7e308};
      REQUIRE(buffer.ask<reflect_ack>(request));
    }
    REQUIRE(buffer.ask<learned>(learn_request{true, true}));
  }
  running_buffer buffer{options_in(dir)};
  if (auto err = buffer.opened())
    FAIL(explain(err));
  auto metrics = buffer.ask<reflection_metrics>(metrics_query{});
  CHECK(metrics->total_cycles == 4);
  CHECK(std::isfinite(metrics->pattern_avg_duration.at("Fast Threading")));
  auto page = buffer.ask<episode_page>(episodes_query{});
  CHECK(page->episodes.at(0).woven.trace.duration.count() == sign * 1.7e308);
}

TEST_CASE("a sealed buffer refuses and counts late writes") {
  scratch_directory dir;
  running_buffer buffer{options_in(dir)};
  REQUIRE(buffer.ask<reflect_ack>(reflection("Before?", "answer", 0.9)));
  auto flushed = buffer.ask<flush_ack>(flush_request{true});
  REQUIRE(flushed);
  CHECK(flushed->sequence == 1);
  auto late = buffer.ask<reflect_ack>(reflection("After?", "answer", 0.9));
  REQUIRE(!late);
  CHECK(is(late.error(), errc::sealed));
  CHECK(buffer.ask<reflection_status>(reflection_status_query{})->late_stores
        == 1);
}

TEST_CASE("without a directory episodes are kept in memory only, and "
          "acknowledged as such") {
  running_buffer buffer{reflection_options{}};
  auto ack = buffer.ask<reflect_ack>(reflection("Here?", "answer", 0.9));
  REQUIRE(ack);
  CHECK(!ack->durable);
  CHECK(!buffer.ask<reflection_status>(reflection_status_query{})->durable);
  CHECK(buffer.ask<flush_ack>(flush_request{}));
}

TEST_CASE("a second buffer on the same directory does not open") {
  scratch_directory dir;
  running_buffer first{options_in(dir)};
  REQUIRE(!first.opened());
  auto options = options_in(dir);
  options.lock_wait = millis{50};
  running_buffer second{options};
  auto err = second.opened();
  CHECK(is(err, errc::data_dir_locked));
  auto ack = second.ask<reflect_ack>(reflection("Mine?", "answer", 0.9));
  CHECK(!ack);
}

TEST_CASE("invalid options are refused with their key") {
  reflection_options options;
  options.discount = 1.5;
  running_buffer buffer{options};
  auto err = buffer.opened();
  CHECK(is(err, errc::invalid_config));
  CHECK_THAT(explain(err), Catch::Matchers::Contains("discount"));
}

TEST_CASE("a subscriber gets the policy after each commit") {
  scratch_directory dir;
  running_buffer buffer{options_in(dir)};
  caf::scoped_actor self{buffer.system()};
  std::int64_t version = -1;
  self->request(buffer.handle(), caf::infinite, policy_subscription{})
    .receive([&](policy_snapshot& x) { version = x.version; },
             [&](caf::error& err) { FAIL(explain(err)); });
  CHECK(version == 0);
  REQUIRE(buffer.ask<reflect_ack>(reflection("Tell?", "answer", 0.9)));
  self->receive_while([&] { return version < 1; })(
    [&](const policy_snapshot& x) { version = x.version; });
  CHECK(version == 1);
}
