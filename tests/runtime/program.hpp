#pragma once

#include "support/catch.hpp"
#include "support/process.hpp"

#include <hololoom/messages/json/read.hpp>

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

/// The program under test.

namespace hololoom::test {

/// A home of its own for each test: nothing of the user's is touched.
class program {
public:
  /// `hololoom ARGUMENTS...`
  process_result run(const std::vector<std::string>& arguments,
                     std::string_view input = {}) const {
    return run_process(command(arguments), environment(), input);
  }

  /// The same in a shell, with `$hololoom` for the program: for redirections.
  process_result shell(const std::string& script) const {
    auto env = environment();
    env.emplace_back("hololoom", HOLOLOOM_PROGRAM);
    return run_process({"/bin/bash", "-c", script}, env);
  }

  std::vector<std::string>
  command(const std::vector<std::string>& arguments) const {
    std::vector<std::string> result{HOLOLOOM_PROGRAM};
    result.insert(result.end(), arguments.begin(), arguments.end());
    return result;
  }

  std::vector<std::pair<std::string, std::string>> environment() const {
    return {{"HOME", home_.path()},
            {"XDG_DATA_HOME", home_ / "share"},
            {"TERM", "xterm"}};
  }

  const temporary_folder& home() const { return home_; }

  /// A data directory.
  std::string data() const { return home_ / "data"; }

private:
  temporary_folder home_;
};

/// JSON that the program printed; throws if it is none.
inline json parsed(const std::string& text) {
  auto value = parse_json(text);
  if (!value)
    throw std::runtime_error{explain(value.error()) + ": " + text};
  return *value;
}

/// One JSON value for each line.
inline std::vector<json> parsed_lines(const std::string& text) {
  std::vector<json> result;
  for (std::size_t at = 0; at < text.size();) {
    auto end = text.find('\n', at);
    result.push_back(parsed(text.substr(at, end - at)));
    at = end == std::string::npos ? text.size() : end + 1;
  }
  return result;
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Waits for something that another process does, which has no event here.
template <class F>
bool eventually(F condition) {
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return true;
}

/// Sends SIGTERM; the program must end within the default grace.
inline process_result terminate_in_time(process& running) {
  auto told = std::chrono::steady_clock::now();
  running.send_signal(SIGTERM);
  auto result = running.wait();
  CHECK(std::chrono::steady_clock::now() - told < std::chrono::seconds{5});
  return result;
}

/// A line for `episodes import -`.
inline std::string episode_line(int i) {
  auto number = std::to_string(i);
  return R"({"id": "e)" + number + R"(", "query_text": "question )" + number
       + R"(", "response": "an answer", "tool_used": "answer", )"
         R"("confidence": 0.5, "feedback": {"rating": 4}})"
         "\n";
}

} // namespace hololoom::test
