#pragma once

#include <hololoom/messages/errc.hpp>

#include <array>
#include <string_view>
#include <utility>

namespace hololoom {

/// The exit codes of a program with a loom: those that a shutdown report asks
/// for, and those of the `hololoom` program. From 64 on they are those of
/// sysexits.h. The `hololoom` program, when a signal has ended it in order,
/// exits with 128 plus the signal's number, which is what a shell reports for a
/// killed program.
enum class exit_code : int {
  ok = 0,
  usage = 64,
  bad_data = 65,
  unavailable = 69,
  internal = 70,
  data_dir = 73,
  io = 74,
  forced = 75,
};

/// Each code and its meaning, in the words of `--help` and of `docs/errors.md`.
constexpr auto exit_code_meanings() {
  using e = exit_code;
  using s = std::string_view;
  return std::array{
    std::pair{e::ok, s{"success"}},
    std::pair{e::usage, s{"the command line is wrong"}},
    std::pair{e::bad_data, s{"the input is invalid, damaged or missing"}},
    std::pair{e::unavailable,
              s{"a part that is needed failed, or is unavailable now"}},
    std::pair{e::internal, s{"a defect of HoloLoom"}},
    std::pair{e::data_dir,
              s{"the data directory is in use or cannot be created"}},
    std::pair{e::io, s{"reading or writing failed: disk full, read-only"}},
    std::pair{e::forced, s{"an actor, thread or process did not end in time"}},
  };
}

/// The code for a failure. A `switch` without `default`: the compiler asks for
/// a decision when an error is added.
constexpr exit_code exit_code_for(errc x) {
  switch (x) {
    case errc::none: return exit_code::ok;
    case errc::invalid_query:
    case errc::invalid_shard:
    case errc::invalid_feedback:
    case errc::invalid_config:
    case errc::invalid_json:
    case errc::invalid_spec:
    case errc::unknown_tool:
    case errc::not_found:
    case errc::invalid_expression:
    case errc::corrupt:
    case errc::newer_schema:
    case errc::id_conflict: return exit_code::bad_data;
    case errc::shutting_down:
    case errc::closed:
    case errc::overloaded:
    case errc::deadline_exceeded:
    case errc::cancelled:
    case errc::sealed:
    case errc::start_failed:
    case errc::already_started:
    case errc::already_present:
    case errc::child_running:
    case errc::child_restarting:
    case errc::too_many_restarts:
    case errc::crashed:
    case errc::stuck:
    case errc::not_supported:
    case errc::unavailable:
    case errc::timed_out:
    case errc::incompatible:
    case errc::tool_failed: return exit_code::unavailable;
    case errc::data_dir_locked:
    case errc::data_dir_unusable: return exit_code::data_dir;
    case errc::io_error:
    case errc::disk_full:
    case errc::read_only:
    case errc::flush_stalled: return exit_code::io;
    case errc::internal: break;
  }
  return exit_code::internal;
}

} // namespace hololoom
