#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <hololoom/runtime/loom.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

// Functions and classes of the user's that throw what is not even a
// std::exception: the loom goes on, and closes like any other.

using namespace hololoom;
using namespace std::chrono_literals;
using hololoom::test::scratch;

namespace {

loom open(config cfg, loom_extras extras = {}) {
  auto result = loom::open(std::move(cfg), std::move(extras));
  if (!result)
    throw std::runtime_error{explain(result.error())};
  return std::move(*result);
}

/// The calls of a tool.
enum class call { name, cue, side_effects, run, report };

/// Throws from one of its calls, once the loom is open.
class rude_tool : public tool {
public:
  rude_tool(call where, std::shared_ptr<std::atomic<bool>> armed)
    : where_(where), armed_(std::move(armed)) {}

  std::string_view name() const override {
    at(call::name);
    return "rude";
  }
  double cue(const query& asked, const features&) const override {
    at(call::cue);
    return asked.text.starts_with("rude") ? 20 : -20;
  }
  bool has_side_effects() const override {
    at(call::side_effects);
    return true;
  }
  caf::expected<tool_result> run(const tool_input&) const override {
    at(call::run);
    tool_result result;
    result.response = "done";
    result.confidence = 1;
    shard kept;
    kept.id = "kept";
    kept.text = "some text";
    result.effect = tool_effect{{{kept}, {}}, [*this](const remember_ack&) {
                                  at(call::report);
                                  return std::string{"kept"};
                                }};
    return result;
  }

private:
  void at(call x) const {
    if (x == where_ && *armed_)
      throw 42;
  }

  call where_;
  std::shared_ptr<std::atomic<bool>> armed_;
};

/// Restarts in the whole tree.
std::int64_t restarts(const loom& x) {
  std::int64_t result = 0;
  for (const auto& child : x.tree().children)
    result += child.restarts;
  return result;
}

/// A disk whose hooks throw once they are told to.
class rude_disk : public disk_hooks {
public:
  disk_fault before_write(std::size_t) override { return fail(writes); }
  disk_fault before_sync() override { return fail(syncs); }

  std::atomic<bool> writes{false};
  std::atomic<bool> syncs{false};

private:
  static disk_fault fail(bool now) {
    if (now)
      throw 42;
    return disk_fault::none;
  }
};

} // namespace

TEST_CASE("a tool may throw anything from any of its calls") {
  auto where = GENERATE(call::name, call::cue, call::side_effects, call::run,
                        call::report);
  INFO(static_cast<int>(where));
  auto armed = std::make_shared<std::atomic<bool>>(false);
  loom_extras extras;
  REQUIRE(!extras.tools.add(std::make_shared<rude_tool>(where, armed)));
  auto x = open(config::fast(), extras);
  *armed = true;
  auto woven = x.weave("rude, please");
  REQUIRE(woven);
  REQUIRE(!woven->trace.errors.empty());
  const auto& error = woven->trace.errors[0];
  CHECK(error.type == "tool_failed");
  auto named = error.error.find("\"rude\"") != std::string::npos;
  CHECK((named || where == call::name));
  *armed = false;
  auto next = x.weave("what is 6 * 7");
  REQUIRE(next);
  CHECK(next->response == "6 * 7 = 42");
  CHECK(restarts(x) == 0);
  CHECK(x.close().exit_code == 0);
}

TEST_CASE_METHOD(scratch, "disk hooks that throw are a broken disk") {
  auto disk = std::make_shared<rude_disk>();
  auto cfg = config::fast();
  cfg.data_dir = path.string();
  auto x = open(cfg, {.disk = disk});
  auto woven = x.weave("what is 6 * 7");
  REQUIRE(woven);
  REQUIRE(x.reflect(*woven));
  auto& which = GENERATE(true, false) ? disk->writes : disk->syncs;
  which = true;
  auto refused = x.reflect(*woven);
  REQUIRE(!refused);
  CHECK(is(refused.error(), errc::io_error));
  which = false;
  CHECK(restarts(x) == 0);
  CHECK(x.close().abandoned.empty());
}

TEST_CASE("background workers may throw anything") {
  auto x = open(config::fast());
  auto fails = [&](background work) {
    auto name = work.name();
    INFO(name);
    std::ignore =
      x.spawn_background(std::move(work).restart(restart_type::temporary));
    // A worker that has ended is forgotten, and its name is free.
    auto& workers = name;
    for (auto i = 0; i < 1000; ++i) {
      auto all = x.tree().children;
      if (std::none_of(all.begin(), all.end(), [&](const auto& child) {
            return child.path == "root/workers/" + workers;
          }))
        return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  };
  CHECK(fails(background::blocking("blocking", [](auto) { throw 42; })));
  CHECK(fails(background::periodic("periodic", 1ms, [] { throw 42; })));
  CHECK(fails(background::periodic("on_failure", 1ms, [] { throw 42; },
                                   {.on_failure = [](const periodic_failure&) {
                                     throw 42;
                                   }})));
  CHECK(fails(background::periodic("blocks", 1ms, [] { throw 42; },
                                   {.may_block = true})));
  CHECK(fails(background::coroutine("maker", [](task_context) -> task {
    throw 42;
    co_return;
  })));
  CHECK(fails(background::coroutine("coroutine", [](task_context ctx) -> task {
    co_await ctx.sleep_for(1ms);
    throw 42;
  })));
  CHECK(fails(background::actor(
    "factory", [](caf::actor_system&) -> caf::actor { throw 42; })));
  CHECK(x.state() == loom_state::running);
  CHECK(x.close().exit_code == 0);
}
