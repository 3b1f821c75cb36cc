#pragma once

#include <caf/error.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace hololoom {

/// The argument of a process function, in the child process.
class process_context {
public:
  process_context(std::string name, std::vector<std::string> arguments)
    : name_(std::move(name)), arguments_(std::move(arguments)) {}

  /// The name under which the function is registered.
  const std::string& name() const noexcept { return name_; }

  /// `process_options::arguments`.
  const std::vector<std::string>& arguments() const noexcept {
    return arguments_;
  }

  /// SIGTERM requests a stop. Until the first call of this function, SIGTERM
  /// ends the process at once; from then on the function must end by itself.
  std::stop_token stop_token() const;

private:
  std::string name_;
  std::vector<std::string> arguments_;
};

/// Runs in the child process; returns the exit code.
using process_function = std::function<int(process_context)>;

/// Makes `function` known as `name` in this program, and so in its child
/// processes. Call it before `run_if_child_process`, preferably from a static
/// initialiser. Thread-safe.
/// @returns true, so that a static variable can be initialised with it.
bool register_process_function(std::string name, process_function function);

/// Call it first thing in `main`. In the child process of a process worker it
/// runs the function and returns the exit code, which `main` must return at
/// once; in any other process it returns nothing.
///
/// ~~~
/// int main(int argc, char** argv) {
///   if (auto code = hololoom::run_if_child_process(argc, argv))
///     return *code;
///   ...
/// ~~~
///
/// A function may replace itself by another program, which is then told to end,
/// killed and heard as the function would have been:
///
/// ~~~
/// int convert(process_context ctx) {
///   ::execl("/usr/bin/pdftotext", "pdftotext", ctx.arguments()[0].c_str(),
///           "-", nullptr);
///   return 127; // It could not be run.
/// }
/// ~~~
///
/// The child gets SIGKILL when its parent dies, for whatever reason. It has
/// only the descriptors 0 (/dev/null), 1 and 2 (captured), no blocked signals,
/// and by default a process group of its own.
std::optional<int> run_if_child_process(int argc, char** argv);

/// A line of a child process's output, without its end.
struct process_output {
  enum class stream : unsigned char { out = 1, err = 2 };
  stream from = stream::out;
  std::string_view line = {};
};

struct process_options {
  /// The name under which the function is registered.
  std::string function = {};
  std::vector<std::string> arguments = {};
  /// Added to the parent's environment, or replaces entries of it.
  std::map<std::string, std::string> environment = {};
  /// Gives it a process group of its own: signals from the terminal do not
  /// reach it, and processes that it starts get its signals. When the process
  /// has ended, the rest of the group gets SIGKILL, and the worker ends
  /// after the last of it: a successor finds no lock, port or file in use. A
  /// process that leaves the group (`setsid`) is on its own.
  bool own_group = true;
  /// Called with each line of output, one at a time; must be short. Without it,
  /// only the end of the error output is kept, for the report of a crash.
  std::function<void(const process_output&)> on_output = {};
  /// Longer lines are cut, bytes.
  std::size_t longest_line = 8192;
};

} // namespace hololoom
