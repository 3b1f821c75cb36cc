#include "support/catch.hpp"

#include <hololoom/actors/shuttle/weave/pattern_card.hpp>
#include <hololoom/actors/shuttle/weave/steps/steps.hpp>

#include <string>

using namespace hololoom;
using namespace std::chrono_literals;

namespace {

card_choice choose(std::size_t length,
                   std::optional<millis> remaining = std::nullopt) {
  auto text = std::string(length, 'x');
  card_choice_input in;
  in.query_text = text;
  in.remaining = remaining;
  return select_pattern(in);
}

weave_request ask(std::string text) {
  weave_request result;
  result.asked.text = std::move(text);
  return result;
}

} // namespace

TEST_CASE("auto chooses by the length of the query") {
  CHECK(choose(0).reason == "default_pattern");
  CHECK(choose(49).kind == card_kind::bare);
  CHECK(choose(50).kind == card_kind::fast);
  CHECK(choose(149).kind == card_kind::fast);
  CHECK(choose(150).kind == card_kind::fast);
  CHECK(choose(26).reason == "auto_select_from_query (len=26)");
}

TEST_CASE("a long query gets fused when the time allows") {
  CHECK(choose(150, 8s).kind == card_kind::fused);
  CHECK(choose(150, 7999ms).kind == card_kind::fast);
  CHECK(choose(149, 60s).kind == card_kind::fast);
}

TEST_CASE("the length of a query is counted in code points") {
  std::string text;
  for (auto i = 0; i < 49; ++i)
    text += "ä";
  card_choice_input in;
  in.query_text = text;
  CHECK(select_pattern(in).query_length == 49);
  CHECK(select_pattern(in).kind == card_kind::bare);
}

TEST_CASE("a config that names a card is obeyed") {
  card_choice_input in;
  in.query_text = "What is Thompson Sampling?";
  in.configured = "FUSED";
  CHECK(select_pattern(in).kind == card_kind::fused);
  CHECK(select_pattern(in).reason == "config_mode=fused");
}

TEST_CASE("a preference wins over the config") {
  card_choice_input in;
  in.query_text = "short";
  in.configured = "fused";
  in.preference = "Fast";
  CHECK(select_pattern(in).kind == card_kind::fast);
  in.preference = "auto";
  CHECK(select_pattern(in).kind == card_kind::bare);
}

TEST_CASE("an unknown preference is a warning, and the config counts") {
  card_choice_input in;
  in.query_text = "short";
  in.configured = "fast";
  in.preference = "turbo";
  auto choice = select_pattern(in);
  CHECK(choice.kind == card_kind::fast);
  CHECK(choice.warning.find("turbo") != std::string::npos);
}

TEST_CASE("auto keeps to the time that the caller gives") {
  auto by_limit = [](millis limit) {
    card_choice_input in;
    in.query_text = "a query";
    in.max_timeout = limit;
    return select_pattern(in).kind;
  };
  CHECK(by_limit(2500ms) == card_kind::bare);
  CHECK(by_limit(2501ms) == card_kind::fast);
  CHECK(by_limit(5000ms) == card_kind::fast);
  CHECK(by_limit(5001ms) == card_kind::fused);
}

TEST_CASE("auto takes the learned card if it fits") {
  card_choice_input in;
  in.query_text = "a query";
  in.learned = card_kind::fused;
  in.remaining = 8s;
  CHECK(select_pattern(in).kind == card_kind::fused);
  in.remaining = 3s;
  CHECK(select_pattern(in).kind == card_kind::bare);
  in.configured = "fast";
  CHECK(select_pattern(in).kind == card_kind::fast);
}

TEST_CASE("a card drops scales that the embedder lacks") {
  auto card = restrict_scales(card_for(card_kind::fused), {96, 192});
  CHECK(card.scales == std::vector<std::int64_t>{96, 192});
  CHECK(card.fusion_weights[96] == Approx(0.25 / 0.6));
  CHECK(card.fusion_weights[192] == Approx(0.35 / 0.6));
  CHECK(card.fusion_weights.size() == 2);
  auto other = restrict_scales(card_for(card_kind::bare), {192, 384});
  CHECK(other.scales == std::vector<std::int64_t>{192});
}

TEST_CASE("the history of cards is bounded") {
  card_history history{3};
  for (auto i = 0; i < 10; ++i)
    history.add(choose(i < 9 ? 10 : 60).kind);
  CHECK(history.distribution()
        == std::map<std::string, std::int64_t>{{"bare", 2}, {"fast", 1}});
}

TEST_CASE("a weave's deadline is the caller's or the card's, within a limit") {
  shuttle_options options;
  options.card = "bare";
  auto request = ask("a query");
  CHECK(select_card(request, {}, options).deadline == 2s);
  request.deadline = 700ms;
  CHECK(select_card(request, {}, options).deadline == 700ms);
  request.deadline = millis{10min};
  CHECK(select_card(request, {}, options).deadline == 60s);
}

TEST_CASE("a short deadline makes auto choose a lighter card") {
  shuttle_options options;
  options.card = "auto";
  auto request = ask(std::string(200, 'x'));
  CHECK(select_card(request, {}, options).card.kind == card_kind::fused);
  request.deadline = 3000ms;
  CHECK(select_card(request, {}, options).card.kind == card_kind::fast);
  CHECK(select_card(request, {}, options).automatic);
}

TEST_CASE("invalid options are refused with the key named") {
  shuttle_options options;
  CHECK(!check(options));
  options.epsilon = 1.5;
  CHECK(is(check(options), errc::invalid_config));
  CHECK(explain(check(options)).find("epsilon") != std::string::npos);
  options = {};
  options.scales = {192, 96};
  CHECK(explain(check(options)).find("scales") != std::string::npos);
  options.scales = {96, 96};
  CHECK(check(options));
}
