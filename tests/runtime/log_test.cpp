#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <hololoom/runtime/log.hpp>

#include <csignal>
#include <fcntl.h>
#include <regex>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

using namespace hololoom;
using namespace std::chrono_literals;
using hololoom::test::scratch;

namespace {

/// A named pipe that holds all that it can hold.
class full_pipe : public scratch {
public:
  full_pipe() {
    if (::mkfifo(name().c_str(), 0600) != 0)
      throw std::runtime_error{"no named pipe"};
    end_ = ::open(name().c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    const std::string page(4096, '.');
    while (::write(end_, page.data(), page.size()) > 0)
      held_ += page.size();
  }
  ~full_pipe() { close(); }

  std::string name() const { return (path / "pipe").string(); }

  /// Its reader goes away.
  void close() {
    if (end_ >= 0)
      ::close(end_);
    end_ = -1;
  }

  /// Reads, after what it held, until `log` has written all.
  std::string read_all(logger& log) {
    std::string text;
    std::array<char, 65536> buffer{};
    for (auto settled = false;;) {
      auto size = ::read(end_, buffer.data(), buffer.size());
      if (size > 0)
        text.append(buffer.data(), static_cast<std::size_t>(size));
      else if (settled)
        return text.substr(held_);
      else
        settled = log.settle(std::chrono::steady_clock::now() + 1ms);
    }
  }

private:
  int end_ = -1;
  std::size_t held_ = 0;
};

logger_ptr open(const std::string& file, const std::string& level = "info") {
  auto log = make_logger({level, file});
  if (!log)
    throw std::runtime_error{explain(log.error())};
  return *log;
}

std::string content(const std::filesystem::path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace

TEST_CASE_METHOD(scratch, "a line has its time and its level") {
  auto file = path / "new folder" / "log";
  auto log = open(file.string());
  log_info(*log, "one");
  log_warning(*log, "two");
  CHECK(log->flush(10s).lines == 0);
  const std::regex expected{
    R"(\d{4}-\d\d-\d\dT[\d:.]+Z info one\n\d{4}-\d\d-\d\dT[\d:.]+Z warning two\n)"};
  CHECK(std::regex_match(content(file), expected));
}

TEST_CASE_METHOD(scratch, "a level leaves out what is less serious") {
  auto file = (path / "log").string();
  for (const auto* level : {"warn", "off"}) {
    auto log = open(file, level);
    CHECK_FALSE(logs_info(*log));
    log_info(*log, "not this");
    log_warning(*log, level);
    log->flush(10s);
  }
  auto text = content(file);
  CHECK(text.find("not this") == std::string::npos);
  CHECK(text.ends_with("Z warning warn\n"));
  auto unknown = make_logger({"loud", ""});
  REQUIRE(!unknown);
  CHECK(is(unknown.error(), errc::invalid_config));
}

TEST_CASE_METHOD(full_pipe, "a log whose reader pauses loses nothing") {
  auto log = open(name());
  for (auto i = 0; i < 1000; ++i)
    log_info(*log, "line " + std::to_string(i));
  auto text = read_all(*log);
  for (auto i = 0; i < 1000; ++i)
    REQUIRE(text.find("info line " + std::to_string(i) + "\n")
            != std::string::npos);
  CHECK(log->flush(10s).lines == 0);
}

TEST_CASE_METHOD(full_pipe, "lines beyond a log's queue are counted, and the "
                            "log says so when it flows again") {
  auto log = open(name());
  constexpr std::size_t many = outlet::capacity + 1000;
  for (std::size_t i = 0; i < many; ++i)
    log_info(*log, "x");
  auto text = read_all(*log);
  std::smatch found;
  REQUIRE(std::regex_search(text, found,
                            std::regex{"the log has lost (\\d+) lines"}));
  auto lost = std::stoul(found[1]);
  CHECK(lost >= 999);
  auto lines = std::count(text.begin(), text.end(), '\n');
  CHECK(static_cast<std::size_t>(lines) - 1 + lost == many);
  CHECK(log->flush(10s).lines == static_cast<std::int64_t>(lost));
}

TEST_CASE_METHOD(full_pipe, "a log that nobody reads keeps nobody waiting") {
  auto log = open(name());
  for (auto i = 0; i < 100; ++i)
    log_info(*log, "x");
  auto loss = log->flush(millis{50});
  CHECK(loss.lines == 100);
  CHECK(loss.why == "its reader takes nothing");
  CHECK_FALSE(loss.stuck);
}

TEST_CASE_METHOD(full_pipe, "a log whose reader goes away loses its lines") {
  auto log = open(name());
  log_info(*log, "one");
  close();
  log_info(*log, "two");
  auto loss = log->flush(10s);
  CHECK(loss.lines == 2);
  CHECK(loss.why == "Broken pipe");
}

TEST_CASE_METHOD(full_pipe, "a log file that is a pipe without a reader is "
                            "refused") {
  close();
  auto log = make_logger({"info", name()});
  REQUIRE(!log);
  CHECK(is(log.error(), errc::invalid_config));
}

TEST_CASE("the lines that a full disk does not take are counted") {
  auto log = open("/dev/full");
  for (auto i = 0; i < 10; ++i)
    log_info(*log, "x");
  auto loss = log->flush(10s);
  CHECK(loss.lines == 10);
  CHECK(loss.why == "No space left on device");
  CHECK_FALSE(loss.stuck);
}
