#include "support/catch.hpp"

#include <hololoom/actors/reflection/repair/lost_episodes.hpp>

using namespace hololoom;

namespace {

using strings = std::vector<std::string>;

/// A journal's episodes 1 to `last`, except `lost`.
salvaged found_but(std::int64_t last, const std::vector<std::int64_t>& lost) {
  salvaged result;
  result.baseline.emplace();
  for (std::int64_t i = 1; i <= last; ++i) {
    result.episodes.insert(i);
    result.ids[i] = "e" + std::to_string(i);
  }
  for (auto i : lost)
    result.episodes.erase(i);
  result.known = last;
  return result;
}

} // namespace

TEST_CASE("without losses the report has no sentences") {
  auto none = find_lost(found_but(5, {}), 5);
  CHECK(none.count == 0);
  CHECK(none.ranges.empty());
  CHECK(none.sentences.empty());
}

TEST_CASE("lost episodes are named by number, and by id where it is known") {
  auto found = found_but(9, {3, 6, 7, 9});
  found.ids.erase(7);
  // Two more were acknowledged.
  auto lost = find_lost(found, 11);
  CHECK(lost.count == 6);
  CHECK(lost.ranges == std::vector<episode_range>{{3, 3}, {6, 7}, {9, 11}});
  CHECK(lost.ids == strings{"e3", "e6", "e9"});
  CHECK(lost.sentences
        == strings{"6 episodes could not be read: numbers 3, 6 to 7, 9 to 11",
                   "the journal's index has 3 of their ids: e3, e6, e9"});
}

TEST_CASE("a single lost episode is described in the singular") {
  auto lost = find_lost(found_but(9, {3}), 9);
  CHECK(lost.sentences
        == strings{"1 episode could not be read: number 3",
                   "the journal's index has 1 of their ids: e3"});
}

TEST_CASE("the report says what is not known about losses") {
  auto found = found_but(9, {1, 2});
  found.ids.clear();
  found.baseline.reset();
  auto lost = find_lost(found, 0);
  CHECK(lost.sentences
        == strings{"2 episodes could not be read: numbers 1 to 2",
                   "the journal's index does not say by what ids",
                   "what was learned from episodes that had left the journal "
                   "could not be read, and which of 1 to 2 had left is not "
                   "known",
                   "journal.mark is missing or damaged: whether there were "
                   "episodes after number 9 is not known"});
}

TEST_CASE("the report says of which episodes the text is lost") {
  auto found = found_but(9, {3});
  for (auto i : {1, 2, 5})
    found.without_text.insert(i);
  auto lost = find_lost(found, 9);
  CHECK(lost.count == 1);
  REQUIRE(lost.sentences.size() == 3);
  CHECK(lost.sentences[2]
        == "of 3 episodes only the text could not be read, and what was "
           "learned from them is kept: numbers 1 to 2, 5");
}

TEST_CASE("a set of numbers finds what is in it and what is not") {
  number_set x;
  CHECK(x.next(0) == number_set::none);
  CHECK(x.next_absent(7) == 7);
  CHECK(x.last(3) == 3);
  for (auto i : {1, 2, 4095, 4096, 4097, 100'000})
    x.insert(i);
  CHECK(x.size() == 6);
  CHECK(x.next(0) == 1);
  CHECK(x.next(3) == 4095);
  CHECK(x.next(4098) == 100'000);
  CHECK(x.next_absent(1) == 3);
  CHECK(x.next_absent(4095) == 4098);
  CHECK(x.last(0) == 100'000);
  x.erase_up_to(4096);
  CHECK(x.next(0) == 4097);
  CHECK(!x.contains(2));
  x.erase(4097);
  x.erase(100'000);
  CHECK(x.size() == 0);
}

TEST_CASE("of very many lost episodes, some are listed and all are counted") {
  std::vector<std::int64_t> odd;
  for (std::int64_t i = 1; i < 10'000; i += 2)
    odd.push_back(i);
  auto lost = find_lost(found_but(10'000, odd), 10'000);
  CHECK(lost.count == 5'000);
  CHECK(lost.ranges.size() == 5'000);
  CHECK(lost.ids.size() == 1'000);
  for (const auto& sentence : lost.sentences)
    CHECK(sentence.size() < 300);
}
