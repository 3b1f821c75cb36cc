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

/// What a process function is given, in the child process.
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

  /// Becomes true on SIGTERM. Until it is asked for the first time, SIGTERM
  /// ends the process at once; from then on, ending is up to the function.
  std::stop_token stop_token() const;

private:
  std::string name_;
  std::vector<std::string> arguments_;
};

/// Runs in the child process; what it returns is the exit code.
using process_function = std::function<int(process_context)>;

/// Makes `function` known as `name` in this program, and so in its child
/// processes: call it before `run_if_child_process`, at best as a static
/// initialiser. Thread-safe.
/// @returns true, so that it can initialise something.
bool register_process_function(std::string name, process_function function);

/// To be called first thing in `main`. In a child process that was started for
/// a process worker it runs the function and answers the exit code, which
/// `main` must return at once; else it answers nothing.
///
/// ~~~
/// int main(int argc, char** argv) {
///   if (auto code = hololoom::run_if_child_process(argc, argv))
///     return *code;
///   ...
/// ~~~
///
/// The child gets SIGKILL when its parent dies, however that dies. It has no
/// descriptors but 0 (/dev/null), 1 and 2 (captured), no blocked signals, and
/// unless said otherwise a process group of its own.
std::optional<int> run_if_child_process(int argc, char** argv);

/// A piece of output of a child process: a line without its end.
struct process_output {
  enum class stream : unsigned char { out = 1, err = 2 };
  stream from = stream::out;
  std::string_view line;
};

struct process_options {
  /// Under which name the function is registered.
  std::string function;
  std::vector<std::string> arguments = {};
  /// Set in the child's environment, besides the parent's own.
  std::map<std::string, std::string> environment = {};
  /// A process group of its own: signals from the terminal go past it, and
  /// what it starts itself is signalled with it.
  bool own_group = true;
  /// Called with each line of output, one at a time; must be short. Left out,
  /// only the end of the error output is kept, for the report of a crash.
  std::function<void(const process_output&)> on_output = {};
  /// Longer lines are cut, bytes.
  std::size_t longest_line = 8192;
};

} // namespace hololoom
