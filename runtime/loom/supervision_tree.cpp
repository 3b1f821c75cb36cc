#include <hololoom/actors/memory/yarn_graph.hpp>
#include <hololoom/actors/reflection/buffer.hpp>
#include <hololoom/actors/shuttle/shuttle.hpp>
#include <hololoom/actors/shuttle/weaver.hpp>
#include <hololoom/actors/supervision/directory.hpp>
#include <hololoom/actors/workers/background.hpp>
#include <hololoom/runtime/loom/supervision_tree.hpp>

#include <caf/send.hpp>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <utility>

namespace hololoom {

namespace {

using namespace std::chrono_literals;

/// Keeps a part that fails again and again from spinning: at the disk, or
/// because a part that it needs is being restarted itself.
backoff_policy restart_backoff(caf::timespan least = 10ms) {
  backoff_policy result;
  result.min = least;
  result.max = 2s;
  result.jitter = 0.2;
  return result;
}

/// Has `setup.store_failure` say why `store` goes down.
template <class Handle>
void note_failure_of(const Handle& store, const tree_setup& setup) {
  auto note = [failure = setup.store_failure](const caf::error& reason) {
    auto code = code_of(reason);
    if (code != errc::none && code != errc::crashed)
      *failure = code;
  };
  caf::actor_cast<caf::actor>(store)->attach_functor(std::move(note));
}

/// Tells the supervisor and `setup` how far a store's start is.
start_progress_sink progress_of(const start_context& ctx,
                                const tree_setup& setup) {
  return [ctx, sink = setup.on_progress](const start_progress& x) {
    ctx.progressed(to_string(x));
    if (sink)
      sink(x);
  };
}

/// Shows the buffer's supervisor the thread behind the buffer: while that
/// thread is at the disk, the buffer is not gone, even if its actor is.
class journal_probe : public child_probe {
public:
  explicit journal_probe(std::shared_ptr<const journal_watch> watch)
    : watch_(std::move(watch)) {}

  std::optional<work_note> doing() const override {
    if (auto since = watch_->busy_since())
      return work_note{"reading or writing its journal", *since};
    return std::nullopt;
  }

  bool can_be_killed() const override { return !watch_->at_work(); }

private:
  std::shared_ptr<const journal_watch> watch_;
};

/// Has subscribers and the log hear of texts that a consolidation has removed.
auto note_consolidation(const start_context& ctx) {
  return [path = ctx.path, incarnation = ctx.incarnation,
          events = ctx.events](const consolidation_report& x) {
    events->publish(
      {now(), path, transition::noted, incarnation,
       "a consolidation removed the texts of "
         + std::to_string(x.merged + x.pruned)
         + " episodes from the journal: " + std::to_string(x.merged)
         + " say the same as a newer one, " + std::to_string(x.pruned)
         + " have a reward below reflection.prune_below"});
  };
}

child_spec reflection_spec(const tree_setup& setup) {
  child_spec spec;
  spec.name = part::reflection.name;
  spec.shutdown = shutdown_policy::infinity();
  spec.backoff = restart_backoff(50ms);
  spec.start = [setup](const start_context& ctx) {
    reflection_surroundings around;
    around.hooks = setup.disk;
    around.watch = std::make_shared<journal_watch>();
    around.on_opened = [ctx](const caf::error& err) {
      if (err)
        ctx.failed(err);
      else
        ctx.ready();
    };
    around.on_finding = setup.on_finding;
    around.on_consolidated = note_consolidation(ctx);
    auto probe = std::make_shared<journal_probe>(around.watch);
    auto buffer = spawn_reflection_buffer(*ctx.system, setup.cfg.reflection,
                                          std::move(around));
    note_failure_of(buffer, setup);
    return start_result::pending(buffer, std::move(probe));
  };
  return spec;
}

/// Reports a yarn graph as ready once it answers, i.e. has opened its store.
void announce_when_open(const start_context& ctx, const yarn_actor& yarn) {
  ctx.system->spawn([ctx, yarn](caf::event_based_actor* self) {
    self->request(yarn, caf::infinite, yarn_status_query{})
      .then([ctx](const yarn_status&) { ctx.ready(); },
            // The supervisor sees the yarn graph go down, with the reason.
            [](const caf::error&) {});
  });
}

child_spec yarn_spec(const tree_setup& setup) {
  child_spec spec;
  spec.name = part::yarn.name;
  spec.shutdown = shutdown_policy::infinity();
  spec.backoff = restart_backoff(50ms);
  spec.start = [setup](const start_context& ctx) {
    auto yarn = spawn_yarn_graph(*ctx.system, setup.cfg.memory, true,
                                 progress_of(ctx, setup));
    note_failure_of(yarn, setup);
    announce_when_open(ctx, yarn);
    return start_result::pending(yarn);
  };
  return spec;
}

child_spec weaver_spec(const tree_setup& setup, std::uint64_t number,
                       restart_type restart) {
  child_spec spec;
  spec.name = "weaver-" + std::to_string(number);
  spec.restart = restart;
  spec.backoff = restart_backoff();
  spec.start = [options = setup.cfg.weave, tools = setup.tools,
                number](const start_context& ctx) {
    auto shuttle = ctx.names->get<local_shuttle_actor>(path_of(part::shuttle));
    if (!shuttle)
      return start_result::failure(shuttle.error());
    auto yarn = ctx.names->get<local_yarn_actor>(path_of(part::yarn));
    if (!yarn)
      return start_result::failure(yarn.error());
    return start_result::started(
      spawn_weaver(*ctx.system, {*shuttle, *yarn, tools, options, number - 1}));
  };
  return spec;
}

std::uint64_t pool_size(const config& cfg) {
  if (cfg.weave.weavers > 0)
    return static_cast<std::uint64_t>(cfg.weave.weavers);
  return std::max(1U, std::thread::hardware_concurrency());
}

child_spec shuttle_spec(const tree_setup& setup) {
  child_spec spec;
  spec.name = part::shuttle.name;
  spec.backoff = restart_backoff();
  auto replacements =
    std::make_shared<std::atomic<std::uint64_t>>(pool_size(setup.cfg));
  spec.start = [setup, replacements](const start_context& ctx) {
    auto buffer = ctx.names->get<reflection_actor>(path_of(part::reflection));
    if (!buffer)
      return start_result::failure(buffer.error());
    shuttle_deps deps;
    deps.reflection = *buffer;
    deps.counts = setup.counts;
    // A weaver that is stuck in a tool keeps its thread; a replacement keeps
    // the pool from shrinking.
    deps.on_weaver_lost = [setup, replacements](const lost_weaver&) {
      auto pool = setup.names->get<supervisor_actor>(path_of(part::weavers));
      if (!pool)
        return;
      auto another =
        weaver_spec(setup, ++*replacements, restart_type::temporary);
      caf::anon_send(*pool, start_child{std::make_shared<const child_spec>(
                              std::move(another))});
    };
    return start_result::started(
      spawn_shuttle(*ctx.system, setup.cfg.weave, std::move(deps)));
  };
  return spec;
}

/// Asks the buffer at intervals to merge and prune episodes. An event tells
/// what that removed.
child_spec consolidation_spec(const tree_setup& setup) {
  auto interval = std::chrono::ceil<caf::timespan>(
    setup.cfg.reflection.consolidation_interval);
  auto work =
    background::periodic("consolidation", interval, [names = setup.names] {
      auto buffer = names->get<reflection_actor>(path_of(part::reflection));
      // A buffer that is being restarted is asked at the next interval.
      if (buffer)
        caf::anon_send(*buffer, consolidate_request{});
    });
  work.restart(restart_type::permanent);
  auto spec = to_child_spec(std::move(work));
  spec.give_up_after = rate_of(setup.cfg.workers);
  return spec;
}

/// The loom's own, and the user's.
std::vector<child_spec> all_workers(const tree_setup& setup) {
  auto result = setup.workers->specs_for_restart();
  if (setup.cfg.reflection.consolidation_interval.count() > 0)
    result.push_back(consolidation_spec(setup));
  return result;
}

/// Supervisors have threads of their own, so that they answer even if all of
/// the scheduler's threads are stuck.
supervisor_options pool_options(const tree_setup& setup, const char* name) {
  supervisor_options options;
  options.name = name;
  options.intensity = 10;
  options.stop_order = stop_order::parallel;
  options.kill_wait =
    std::chrono::ceil<caf::timespan>(setup.cfg.shutdown.kill_wait);
  options.detached = true;
  return options;
}

/// No restart of another part touches the workers, and their supervisor starts
/// those that are to be there at the time.
child_spec workers_spec(const tree_setup& setup) {
  auto options = pool_options(setup, part::workers.name);
  auto spec = supervisor_child(options, {});
  spec.apart = true;
  spec.start = [setup, options](const start_context& ctx) {
    return supervisor_child(options, all_workers(setup)).start(ctx);
  };
  return spec;
}

} // namespace

restart_rate rate_of(const restart_limits& x) {
  return {x.give_up_after, std::chrono::ceil<caf::timespan>(x.give_up_period)};
}

bool is_part(const std::string& path) {
  constexpr std::string_view root = "root/";
  return path.starts_with(root)
      && path.find('/', root.size()) == std::string::npos;
}

supervisor_options root_options(const tree_setup& setup) {
  supervisor_options options;
  options.strategy = strategy::rest_for_one;
  auto rate = rate_of(setup.cfg.parts);
  options.intensity = rate.times;
  options.period = rate.period;
  // Weavers end when the shuttle releases them, and the shuttle ends when they
  // have finished their work: both must be told to end at the same time.
  options.stop_order = stop_order::parallel;
  options.kill_wait =
    std::chrono::ceil<caf::timespan>(setup.cfg.shutdown.kill_wait);
  options.detached = true;
  options.names = setup.names;
  options.events = setup.events;
  return options;
}

bool all_run(const directory& names) {
  auto runs = [&](auto... parts) {
    return (... && (names.find(path_of(parts)) != nullptr));
  };
  return runs(part::reflection, part::yarn, part::shuttle, part::weavers,
              part::workers);
}

std::vector<child_spec> root_children(const tree_setup& setup) {
  std::vector<child_spec> weavers;
  for (std::uint64_t i = 1; i <= pool_size(setup.cfg); ++i)
    weavers.push_back(weaver_spec(setup, i, restart_type::permanent));
  std::vector<child_spec> result;
  result.push_back(reflection_spec(setup));
  result.push_back(yarn_spec(setup));
  result.push_back(shuttle_spec(setup));
  auto pool = supervisor_child(pool_options(setup, part::weavers.name),
                               std::move(weavers));
  pool.backoff = restart_backoff();
  result.push_back(std::move(pool));
  result.push_back(workers_spec(setup));
  return result;
}

} // namespace hololoom
