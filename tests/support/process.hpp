#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace hololoom::test {

/// The end of a process, and its output.
struct process_result {
  /// Its exit code, or -1 if a signal ended it.
  int code = -1;
  /// The signal that ended it, or 0.
  int signal = 0;
  std::string out;
  std::string err;
};

/// A process under test, with its three standard streams as pipes. The
/// destructor kills it, so that a failing test leaves no process behind.
class process {
public:
  /// Starts `argv[0]`, with `env` added to the environment of the test.
  /// SIGTERM, SIGINT, SIGHUP and SIGPIPE are handled as in a shell. Throws
  /// `std::runtime_error` if the start fails.
  explicit process(std::vector<std::string> argv,
                   std::vector<std::pair<std::string, std::string>> env = {});
  ~process();

  process(const process&) = delete;
  process& operator=(const process&) = delete;

  pid_t pid() const noexcept { return pid_; }

  /// Writes to its standard input; `false` if it no longer reads.
  bool write(std::string_view text);
  /// The same, and reads what it writes meanwhile: neither waits for the other.
  bool feed(std::string_view text);
  void close_input();
  /// Stops reading its standard output, as `head` would.
  void close_output();

  /// The next line of its standard output without the line end; throws if none
  /// comes in `limit`.
  std::string read_line(std::chrono::seconds limit = std::chrono::seconds{30});

  void send_signal(int number) const;

  /// Waits for its end and reads the rest of its output; kills it and throws if
  /// it takes longer than `limit`.
  process_result wait(std::chrono::seconds limit = std::chrono::seconds{60});

private:
  /// Reads the available output, waiting up to `ms` for some; `false` once both
  /// streams have ended.
  bool pump(int ms);
  void reap(int options);

  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
  process_result result_;
  bool ended_ = false;
};

/// Runs a process to its end.
process_result
run_process(std::vector<std::string> argv,
            std::vector<std::pair<std::string, std::string>> env = {},
            std::string_view input = {});

/// A folder that is removed with the object.
class temporary_folder {
public:
  temporary_folder();
  ~temporary_folder();
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;

  const std::string& path() const noexcept { return path_; }

  /// The path of `name` in it.
  std::string operator/(std::string_view name) const;

  /// Writes a file, and the folders above it.
  /// @returns its path
  std::string write(std::string_view name, std::string_view content) const;

private:
  std::string path_;
};

/// The whole of a file; empty if there is none.
std::string read_file(const std::string& path);

} // namespace hololoom::test
