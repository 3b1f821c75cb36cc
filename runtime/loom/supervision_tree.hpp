#pragma once

#include <hololoom/actors/shuttle/tools/tool.hpp>
#include <hololoom/actors/storage/disk.hpp>
#include <hololoom/actors/supervision/supervisor.hpp>
#include <hololoom/actors/workers/worker_book.hpp>
#include <hololoom/messages/lifecycle.hpp>
#include <hololoom/messages/reflection.hpp>
#include <hololoom/messages/shuttle.hpp>
#include <hololoom/messages/yarn.hpp>
#include <hololoom/runtime/config.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

/// The loom's supervision tree as data: the root's children, what each needs,
/// and in which order they start.

namespace hololoom {

/// One of the root's children; `Handle` is the interface it answers.
template <class Handle>
struct loom_part {
  const char* name;
};

namespace part {
inline constexpr loom_part<reflection_actor> reflection{"reflection"};
inline constexpr loom_part<yarn_actor> yarn{"yarn"};
inline constexpr loom_part<shuttle_actor> shuttle{"shuttle"};
inline constexpr loom_part<supervisor_actor> weavers{"weavers"};
inline constexpr loom_part<supervisor_actor> workers{"workers"};
} // namespace part

/// The path of one of the root's children.
template <class Handle>
std::string path_of(loom_part<Handle> part) {
  return std::string{"root/"} + part.name;
}

/// Whether `path` is that of one of the root's children.
bool is_part(const std::string& path);

/// Whether none of them is down at the moment.
bool all_run(const directory& names);

struct tree_setup {
  /// Checked, with the paths of the stores filled in.
  config cfg;
  std::shared_ptr<const tool_registry> tools;
  std::shared_ptr<disk_hooks> disk;
  std::shared_ptr<directory> names;
  std::shared_ptr<event_bus> events;
  /// What became of weaves during the drain.
  std::shared_ptr<drain_counts> counts;
  /// The user's workers.
  std::shared_ptr<detail::worker_book> workers;
  /// Told how far the start of a store is, on any thread.
  start_progress_sink on_progress;
  /// Told what the verification of the journal found, on any thread: a
  /// sentence, and whether it is damage.
  std::function<void(const std::string& what, bool damage)> on_finding;
  /// Why a store went down; `none` while no store has. Supervisors report it
  /// only in words.
  std::shared_ptr<std::atomic<errc>> store_failure =
    std::make_shared<std::atomic<errc>>(errc::none);
};

/// The limits as a rate of supervision.
restart_rate rate_of(const restart_limits& x);

/// The root restarts a child together with the children that were started after
/// it, because those work with it. The background workers stand apart.
supervisor_options root_options(const tree_setup& setup);

/// The root's children in start order: the stores, then what writes to them.
std::vector<child_spec> root_children(const tree_setup& setup);

} // namespace hololoom
