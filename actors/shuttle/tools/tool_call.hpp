#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace hololoom {

/// A function of a tool threw. A weave reports it as `errc::tool_failed`.
struct tool_threw : std::runtime_error {
  tool_threw(std::string_view tool, std::string_view function,
             const std::string& what)
    : std::runtime_error("the tool \"" + std::string{tool} + "\" threw from "
                         + std::string{function} + ": " + what) {}
};

/// Calls `f`, which calls `function` of the tool called `tool`.
/// @throws tool_threw naming both, whatever `f` throws
template <class F>
auto call_tool(std::string_view tool, std::string_view function, F&& f) {
  try {
    return std::forward<F>(f)();
  } catch (const std::exception& e) {
    throw tool_threw{tool, function, e.what()};
  } catch (...) {
    throw tool_threw{tool, function, "something other than a std::exception"};
  }
}

} // namespace hololoom
