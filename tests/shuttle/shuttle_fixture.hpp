#pragma once

#include "shuttle/weaving.hpp"
#include "support/actor_fixture.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/memory/yarn_graph.hpp>
#include <hololoom/actors/shuttle/shuttle.hpp>
#include <hololoom/actors/shuttle/weaver.hpp>
#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/messages/caf/put.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <stdexcept>

/// A shuttle with a small memory, and weavers that work or get stuck.
namespace hololoom::test {

using namespace std::chrono_literals;

/// A yarn graph that answers from a list.
class small_yarn {
public:
  static constexpr const char* name = "small_yarn";

  explicit small_yarn(local_yarn_actor::base*, std::vector<shard>* kept)
    : kept_(kept) {}

  local_yarn_actor::behavior_type make_behavior() {
    return {
      [this](const remember_request& x) -> caf::result<remember_ack> {
        if (x.shards.at(0).text == "fail")
          return failure(errc::disk_full, "no space is left");
        kept_->insert(kept_->end(), x.shards.begin(), x.shards.end());
        remember_ack ack;
        ack.added = static_cast<std::int64_t>(x.shards.size());
        return ack;
      },
      [](const recall_request&) { return recall_result{}; },
      [](yarn_status_query) { return yarn_status{}; },
      [](snapshot_query) { return index_snapshot{demo_memory()}; },
    };
  }

private:
  std::vector<shard>* kept_;
};

/// A stuck weaver: it collects its orders and does nothing.
class stuck_weaver {
public:
  static constexpr const char* name = "stuck_weaver";

  stuck_weaver(weaver_actor::base* self, local_shuttle_actor shuttle,
               std::vector<weave_order>* jobs)
    : self_(self), shuttle_(std::move(shuttle)), jobs_(jobs) {}

  weaver_actor::behavior_type make_behavior() {
    self_->send(shuttle_, weaver_ready{weaver_actor{self_}});
    return {
      [this](weave_order& x) {
        x.progress->stage = weave_stage::tool_execution;
        jobs_->push_back(std::move(x));
      },
      [this](weaver_dismissed) { self_->quit(); },
    };
  }

private:
  weaver_actor::base* self_;
  local_shuttle_actor shuttle_;
  std::vector<weave_order>* jobs_;
};

struct shuttle_fixture : actor_fixture {
  shuttle_options options;
  shuttle_deps deps;
  std::shared_ptr<const tool_registry> tools =
    std::make_shared<const tool_registry>(builtin_tools());
  std::vector<shard> kept;
  std::vector<weave_order> jobs;
  local_yarn_actor yarn;
  local_shuttle_actor shuttle;

  shuttle_fixture() {
    options.seed = 1;
    options.epsilon = 0;
    deps.next_id = [n = 0]() mutable {
      return "id-" + std::to_string(++n);
    };
  }

  void start(std::size_t weavers) {
    yarn = spawn<small_yarn, local_yarn_actor>(&kept);
    shuttle = track(spawn_shuttle(system, options, deps, false));
    for (std::size_t i = 0; i < weavers; ++i)
      add_weaver(i);
    run();
  }

  weaver_actor add_weaver(std::uint64_t number) {
    return track(
      spawn_weaver(system, {shuttle, yarn, tools, options, number}, false));
  }

  weaver_actor add_stuck_weaver() {
    auto result = spawn<stuck_weaver, weaver_actor>(shuttle, &jobs);
    run();
    return result;
  }

  static weave_request request(std::string text) {
    weave_request result;
    result.asked.text = std::move(text);
    return result;
  }

  pending_answer<spacetime> weave(std::string text) {
    return begin_ask<spacetime>(shuttle, request(std::move(text)));
  }

  shuttle_status status() {
    return *ask<shuttle_status>(shuttle, shuttle_status_query{});
  }

  void end(const caf::actor_addr& who) {
    exit_high(caf::actor_cast<caf::strong_actor_ptr>(who),
              caf::make_error(caf::exit_reason::user_shutdown));
    run();
  }

  template <class Handle>
  void end(const Handle& who) {
    end(who.address());
  }

  template <class Handle>
  bool alive(const Handle& who) {
    auto strong = caf::actor_cast<caf::strong_actor_ptr>(who);
    auto* actor = caf::actor_cast<caf::abstract_actor*>(strong);
    return !static_cast<caf::monitorable_actor*>(actor)->getf(
      caf::abstract_actor::is_terminated_flag);
  }
};

} // namespace hololoom::test
