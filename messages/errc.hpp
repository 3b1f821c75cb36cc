#pragma once

#include <hololoom/messages/caf/compat.hpp>
#include <hololoom/messages/caf/error_enum.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace hololoom {

/// Why something could not be done. The values travel between nodes: they are
/// never reused, and new ones go to the end of their group.
enum class errc : std::uint8_t {
  none = 0,

  // -- what the caller gave ---------------------------------------------------
  invalid_query = 1,    ///< The query is empty, too long or not UTF-8.
  invalid_shard = 2,    ///< A shard lacks its id or text, or is not UTF-8.
  invalid_feedback = 3, ///< A rating out of range, or not a number.
  invalid_config = 4,   ///< A config key or value that does not exist.
  invalid_json = 5, ///< Text that is not JSON, or not of the form asked for.
  invalid_spec = 6, ///< A child spec or supervisor flag that cannot be.
  unknown_tool = 7, ///< No tool of that name is registered.
  not_found = 8,    ///< No such episode, spacetime, shard, child or file.
  invalid_expression = 9, ///< `calc` found nothing that it can evaluate.

  // -- lifecycle --------------------------------------------------------------
  shutting_down = 10,     ///< The loom drains: no new work is taken.
  closed = 11,            ///< The loom is closed.
  overloaded = 12,        ///< A queue is full; try again later.
  deadline_exceeded = 13, ///< The deadline passed before there was an answer.
  cancelled = 14,         ///< The work was called off.
  sealed = 15,            ///< The buffer has flushed for good: stored too late.

  // -- supervision ------------------------------------------------------------
  start_failed = 20,      ///< A child did not start.
  already_started = 21,   ///< A child of that name runs.
  already_present = 22,   ///< A child of that name is known and does not run.
  child_running = 23,     ///< Not while the child runs.
  child_restarting = 24,  ///< Not while the child is being restarted.
  too_many_restarts = 25, ///< The restart intensity was exceeded.
  crashed = 26,           ///< The actor that had the request is gone.
  stuck = 27,             ///< A handler or thread did not return in time.
  not_supported = 28,     ///< The supervisor's strategy has no such operation.

  // -- storage ----------------------------------------------------------------
  io_error = 30,          ///< The disk said no.
  disk_full = 31,         ///< No space is left.
  read_only = 32,         ///< The directory or file cannot be written.
  data_dir_locked = 33,   ///< Another process uses the data directory.
  data_dir_unusable = 34, ///< It cannot be created, or is not a directory.
  corrupt = 35,           ///< A file is damaged. It is never overwritten.
  newer_schema = 36,      ///< Written by a newer version.
  flush_stalled = 37,     ///< A flush stood still for too long.
  id_conflict = 38,       ///< The id is stored with another content.

  // -- elsewhere --------------------------------------------------------------
  unavailable = 40,  ///< The part or node that would answer is not there now.
  timed_out = 41,    ///< No answer within the time given.
  incompatible = 42, ///< The peer speaks another version.
  tool_failed = 43,  ///< A function of a tool threw.

  internal = 50, ///< A defect of ours.
};

/// The enumerator's name.
std::string to_string(errc x);

} // namespace hololoom

HOLOLOOM_ERROR_ENUM(1400, hololoom::errc, "hololoom")

namespace hololoom {

/// An error with a sentence for people: what was tried, on what, why it failed
/// and what to do.
[[nodiscard]] caf::error failure(errc code, std::string sentence);

/// The error of a request to a null handle: `errc::unavailable`.
caf::error null_target();

/// The error for an exception that a thread or a descriptor could not be had:
/// `errc::unavailable`, with which limit to raise; `errc::internal` for any
/// other.
caf::error refused_by_system(const std::system_error& e);

/// Whether `err` is `code` of ours.
bool is(const caf::error& err, errc code);

/// Our code for `err`; errors of CAF's own are mapped to the nearest of ours
/// (a dead receiver is `crashed`, a timeout `timed_out`).
errc code_of(const caf::error& err);

/// The sentence for people in `err`, be it an error of ours or of CAF's.
std::string explain(const caf::error& err);

} // namespace hololoom
