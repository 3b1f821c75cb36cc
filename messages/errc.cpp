#include <hololoom/messages/errc.hpp>

#include <caf/exit_reason.hpp>
#include <caf/message.hpp>
#include <caf/sec.hpp>

#include <array>
#include <string_view>
#include <utility>

namespace hololoom {

std::string to_string(errc x) {
  switch (x) {
    case errc::none: return "none";
    case errc::invalid_query: return "invalid_query";
    case errc::invalid_shard: return "invalid_shard";
    case errc::invalid_feedback: return "invalid_feedback";
    case errc::invalid_config: return "invalid_config";
    case errc::invalid_json: return "invalid_json";
    case errc::invalid_spec: return "invalid_spec";
    case errc::unknown_tool: return "unknown_tool";
    case errc::not_found: return "not_found";
    case errc::invalid_expression: return "invalid_expression";
    case errc::shutting_down: return "shutting_down";
    case errc::closed: return "closed";
    case errc::overloaded: return "overloaded";
    case errc::deadline_exceeded: return "deadline_exceeded";
    case errc::cancelled: return "cancelled";
    case errc::sealed: return "sealed";
    case errc::start_failed: return "start_failed";
    case errc::already_started: return "already_started";
    case errc::already_present: return "already_present";
    case errc::child_running: return "child_running";
    case errc::child_restarting: return "child_restarting";
    case errc::too_many_restarts: return "too_many_restarts";
    case errc::crashed: return "crashed";
    case errc::stuck: return "stuck";
    case errc::not_supported: return "not_supported";
    case errc::io_error: return "io_error";
    case errc::disk_full: return "disk_full";
    case errc::read_only: return "read_only";
    case errc::data_dir_locked: return "data_dir_locked";
    case errc::data_dir_unusable: return "data_dir_unusable";
    case errc::corrupt: return "corrupt";
    case errc::newer_schema: return "newer_schema";
    case errc::flush_stalled: return "flush_stalled";
    case errc::id_conflict: return "id_conflict";
    case errc::unavailable: return "unavailable";
    case errc::timed_out: return "timed_out";
    case errc::incompatible: return "incompatible";
    case errc::tool_failed: return "tool_failed";
    case errc::internal: return "internal";
  }
  return "unknown";
}

caf::error failure(errc code, std::string sentence) {
  return caf::make_error(code, std::move(sentence));
}

caf::error null_target() {
  return failure(errc::unavailable,
                 "a request was made to no actor: the handle is null, as while "
                 "the actor is being restarted; look its name up again and "
                 "retry");
}

caf::error refused_by_system(const std::system_error& e) {
  using std::errc::resource_unavailable_try_again;
  using std::errc::too_many_files_open;
  using std::errc::too_many_files_open_in_system;
  std::string what = e.what();
  if (e.code() == resource_unavailable_try_again)
    return failure(errc::unavailable,
                   "cannot start a thread: " + e.code().message()
                     + "; raise the limit on processes and threads (ulimit "
                       "-u, pids.max of the control group)");
  if (e.code() == too_many_files_open
      || e.code() == too_many_files_open_in_system)
    return failure(errc::unavailable,
                   what + "; raise the limit on open files (ulimit -n)");
  return failure(errc::internal, what);
}

bool is(const caf::error& err, errc code) {
  return err == caf::make_error(code);
}

errc code_of(const caf::error& err) {
  if (!err)
    return errc::none;
  if (err.category() == caf::make_error(errc::internal).category())
    return static_cast<errc>(err.code());
  if (err == caf::sec::request_timeout)
    return errc::timed_out;
  if (err == caf::sec::request_receiver_down)
    return errc::crashed;
  if (err == caf::exit_reason::kill || err == caf::exit_reason::user_shutdown
      || err == caf::sec::runtime_error)
    return errc::crashed;
  return errc::internal;
}

namespace {

/// What an error of CAF's own means to those who did not write the actor;
/// empty for all but the usual ones.
std::string_view sentence_of(const caf::error& err) {
  using std::pair;
  using std::string_view;
  static const std::array sentences{
    pair{caf::make_error(caf::sec::request_timeout),
         string_view{"no answer came within the time given"}},
    pair{caf::make_error(caf::sec::request_receiver_down),
         string_view{"the actor that had the request is gone"}},
    pair{caf::make_error(caf::sec::unexpected_message),
         string_view{"the actor takes no message of that type"}},
    pair{caf::make_error(caf::sec::unexpected_response),
         string_view{"the answer is of another type than the one asked for"}},
    pair{caf::make_error(caf::sec::runtime_error),
         string_view{"an exception left a handler of the actor"}},
    pair{caf::make_error(caf::exit_reason::unhandled_exception),
         string_view{"an exception left a handler of the actor"}},
    pair{caf::make_error(caf::exit_reason::kill),
         string_view{"the actor was killed"}},
    pair{caf::make_error(caf::exit_reason::user_shutdown),
         string_view{"the actor was told to end"}},
    pair{caf::make_error(caf::exit_reason::remote_link_unreachable),
         string_view{"the node of the actor cannot be reached"}}};
  for (const auto& [known, sentence] : sentences)
    if (err == known)
      return sentence;
  return {};
}

} // namespace

std::string explain(const caf::error& err) {
  if (!err)
    return "no error";
  const auto& context = err.context();
  if (code_of(err) != errc::internal || is(err, errc::internal)) {
    if (context.match_elements<std::string>())
      return context.get_as<std::string>(0);
    if (context.empty() && is(err, code_of(err)))
      return to_string(code_of(err));
  }
  std::string text{sentence_of(err)};
  if (text.empty())
    text = category_name(err) + " error " + std::to_string(err.code());
  if (!context.empty())
    text += ": " + to_string(context);
  return text;
}

} // namespace hololoom
