#pragma once

#include <hololoom/actors/memory/yarn_graph.hpp>
#include <hololoom/actors/reflection/options.hpp>
#include <hololoom/actors/shuttle/options.hpp>
#include <hololoom/messages/describe.hpp>
#include <hololoom/messages/time.hpp>
#include <hololoom/runtime/log.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

namespace hololoom {

/// How a loom closes.
struct shutdown_options {
  /// How long all producers together may take to end by themselves.
  millis grace{5'000};
  /// How long a flush may make no progress before the wait for it ends.
  millis flush_stall{10'000};
  /// How long each store may take to close.
  millis store_limit{10'000};
  /// How long a killed actor may take to end before it counts as abandoned.
  millis kill_wait{150};

  static constexpr auto fields() {
    using t = shutdown_options;
    return members(member("grace_ms", &t::grace),
                   member("flush_stall_ms", &t::flush_stall),
                   member("store_limit_ms", &t::store_limit),
                   member("kill_wait_ms", &t::kill_wait));
  }
  bool operator==(const shutdown_options&) const = default;
};

/// How often something may be restarted: past so many times within the period
/// it is given up.
struct restart_limits {
  std::int64_t give_up_after = 10;
  millis give_up_period{5'000};

  static constexpr auto fields() {
    using t = restart_limits;
    return members(member("give_up_after", &t::give_up_after),
                   member("give_up_period_ms", &t::give_up_period));
  }
  bool operator==(const restart_limits&) const = default;
};

/// The settings of a loom.
///
/// Config files are JSON with `//` comments; `config/fused.json` explains every
/// key. An unknown key is an error that names the nearest right one; a missing
/// key keeps the default of the preset that `preset` names, or of "fused".
struct config {
  /// bare, fast or fused: the source of missing keys.
  std::string preset = "fused";
  /// Where the stores are. Empty: in memory only, and nothing survives.
  std::string data_dir = {};
  /// Threads of the actor system's pool; 0: one for each core, at least 4.
  std::int64_t threads = 0;
  shuttle_options weave = {};
  memory_options memory = {};
  reflection_options reflection = {};
  /// For background workers that set nothing else.
  restart_limits workers = {};
  /// For the loom's own parts, all together: a loom that gives up has failed.
  restart_limits parts = {5, millis{10'000}};
  shutdown_options shutdown = {};
  log_options log = {};

  static constexpr auto fields() {
    using t = config;
    return members(
      member("preset", &t::preset), member("data_dir", &t::data_dir),
      member("threads", &t::threads), member("weave", &t::weave),
      member("memory", &t::memory), member("reflection", &t::reflection),
      member("workers", &t::workers), member("parts", &t::parts),
      member("shutdown", &t::shutdown), member("log", &t::log));
  }
  bool operator==(const config&) const = default;

  /// The quickest: one scale, motifs by keyword, three shards.
  static config bare();
  /// A balance: two scales, six shards.
  static config fast();
  /// The best answers: three scales, vectors and BM25 fused, ten shards.
  static config fused();

  /// The preset called `name`; nothing if there is none.
  static maybe<config> named(std::string_view name);

  /// Reads a config.
  /// @returns `errc::invalid_config` with the place of the error.
  [[nodiscard]] static caf::expected<config> parse(std::string_view text);

  /// Reads a config file.
  /// @returns also `errc::not_found` or `errc::io_error`, with the file's name.
  [[nodiscard]] static caf::expected<config>
  load(const std::filesystem::path& file);
};

/// Checks that a loom can work with `cfg`.
/// @returns `errc::invalid_config` with the key and its valid values.
[[nodiscard]] caf::error check(const config& cfg);

} // namespace hololoom
