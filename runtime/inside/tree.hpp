#pragma once

#include <hololoom/actors/shuttle/tools/tool.hpp>
#include <hololoom/actors/storage/disk.hpp>
#include <hololoom/actors/supervision/supervisor.hpp>
#include <hololoom/runtime/config.hpp>

#include <atomic>
#include <memory>
#include <vector>

/// The loom's supervision tree as data.

namespace hololoom {

/// The root's children by name.
namespace part {
inline constexpr const char* reflection = "reflection";
inline constexpr const char* yarn = "yarn";
inline constexpr const char* shuttle = "shuttle";
inline constexpr const char* weavers = "weavers";
inline constexpr const char* workers = "workers";
} // namespace part

/// The path of one of the root's children.
std::string path_of(const char* part);

/// Whether `path` is that of one of the root's children.
bool is_part(const std::string& path);

struct tree_setup {
  /// Checked, with the paths of the stores filled in.
  config cfg;
  std::shared_ptr<const tool_registry> tools;
  std::shared_ptr<disk_hooks> disk;
  std::shared_ptr<directory> names;
  std::shared_ptr<event_bus> events;
  /// What became of weaves during the drain.
  std::shared_ptr<drain_counts> counts;
  /// Why a store went down, `none` as long as none did. Supervisors say it in
  /// words alone.
  std::shared_ptr<std::atomic<errc>> trouble =
    std::make_shared<std::atomic<errc>>(errc::none);
};

/// The root: when a child ends, those that were started after it, and work with
/// it, are started anew with it.
supervisor_options root_options(const tree_setup& setup);

/// The root's children in start order: the stores, then who writes to them.
std::vector<child_spec> root_children(const tree_setup& setup);

} // namespace hololoom
