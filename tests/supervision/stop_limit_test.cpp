#include "supervision/support.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

// One limit for the stop of a whole tree.

using namespace hololoom;
using namespace hololoom::test;

namespace {

constexpr auto stop_limit = 1s;
constexpr auto kill_wait = 250ms;

supervisor_options at_once(std::string name) {
  supervisor_options options;
  options.name = std::move(name);
  options.stop_order = stop_order::parallel;
  return options;
}

class stop_limit_fixture : public supervision_fixture {
public:
  stop_limit_fixture() { names->ledger().keep_ends(); }

  /// A child that may use all of the tree's limit.
  child_spec leaf(std::string name, manners how = manners::obeys) {
    auto spec = worker(std::move(name), how);
    spec.shutdown = shutdown_policy::within(stop_limit);
    return spec;
  }

  /// A child with a thread that a kill does not end.
  child_spec thread(std::string name) {
    auto spec = leaf(std::move(name));
    spec.start = [this](const start_context& ctx) {
      return start_result::started(make(ctx, manners::ignores),
                                   std::make_shared<thread_like>());
    };
    return spec;
  }

  static child_spec below(std::string name, std::vector<child_spec> children) {
    return supervisor_child(at_once(std::move(name)), std::move(children));
  }

  supervisor_actor limited(std::vector<child_spec> children,
                           stop_order order = stop_order::parallel) {
    auto options = at_once("root");
    options.stop_order = order;
    options.stop_limit = stop_limit;
    options.kill_wait = kill_wait;
    return supervise(options, std::move(children));
  }

  /// How long the stop of `sup` takes.
  caf::timespan time_to_stop(const supervisor_actor& sup) {
    auto began = now();
    auto reason = watch(sup);
    stop(sup);
    while (reason->empty() && now() - began < 1min)
      advance(1ms);
    return now() - began;
  }

  /// "name:fate", sorted.
  strings fates() {
    strings result;
    for (const auto& x : names->ledger().ends())
      result.push_back(x.name + ":" + std::string{name_of(x.how)});
    std::sort(result.begin(), result.end());
    return result;
  }
};

} // namespace

TEST_CASE_METHOD(stop_limit_fixture,
                 "a leaf that ignores its exit costs no supervisor above it") {
  auto sup = limited(
    {leaf("a"),
     below("inner",
           {leaf("b"),
            below("deep", {leaf("c"), leaf("bad", manners::ignores)})})});
  auto took = time_to_stop(sup);
  CHECK(took <= stop_limit);
  CHECK(took >= stop_limit * 9 / 10);
  CHECK(fates()
        == strings{"root/a:shutdown", "root/inner/b:shutdown",
                   "root/inner/deep/bad:killed", "root/inner/deep/c:shutdown",
                   "root/inner/deep:shutdown", "root/inner:shutdown"});
}

TEST_CASE_METHOD(stop_limit_fixture,
                 "a leaf that is stuck costs no supervisor above it") {
  auto order = GENERATE(stop_order::parallel, stop_order::reverse);
  auto sup = limited(
    {below("inner", {below("deep", {leaf("c"), thread("stuck")})})}, order);
  CHECK(time_to_stop(sup) <= stop_limit + kill_wait);
  CHECK(fates()
        == strings{"root/inner/deep/c:shutdown",
                   "root/inner/deep/stuck:abandoned",
                   "root/inner/deep:shutdown", "root/inner:shutdown"});
}

TEST_CASE_METHOD(stop_limit_fixture,
                 "a supervisor that is not asked before the limit is not "
                 "killed") {
  auto sup =
    limited({below("inner", {leaf("a"), leaf("b")})}, stop_order::reverse);
  // Added at run time, without a limit: nothing before it has its turn.
  auto slow = worker("slow", manners::ignores);
  slow.shutdown = shutdown_policy::infinity();
  REQUIRE(ask<child_started>(
    sup, start_child{std::make_shared<const child_spec>(slow)}));
  CHECK(time_to_stop(sup) <= stop_limit + kill_wait);
  CHECK(fates()
        == strings{"root/inner/a:shutdown", "root/inner/b:shutdown",
                   "root/inner:shutdown", "root/slow:killed"});
}

TEST_CASE_METHOD(stop_limit_fixture,
                 "a supervisor that is stuck itself is killed in time") {
  auto deaf = worker("deaf", manners::ignores);
  deaf.type = child_type::supervisor;
  deaf.shutdown = shutdown_policy::within(stop_limit);
  deaf.start = [this](const start_context& ctx) {
    auto result = start_result::started(make(ctx, manners::ignores));
    result.nested = true;
    return result;
  };
  auto sup = limited({leaf("a"), deaf});
  CHECK(time_to_stop(sup) <= stop_limit + kill_wait);
  CHECK(fates() == strings{"root/a:shutdown", "root/deaf:killed"});
}
