#include "reflection/running_buffer.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/reflection/transfer/episode_files.hpp>
#include <hololoom/actors/reflection/transfer/import_pipeline.hpp>
#include <hololoom/messages/json/read.hpp>
#include <hololoom/runtime/loom.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <istream>
#include <sstream>
#include <stop_token>
#include <streambuf>

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

namespace {

std::string line(int number) {
  return R"({"id":"line-)" + std::to_string(number)
       + R"(","query_text":"q","response":"r","tool_used":"answer",)"
       + R"("confidence":0.5})" + "\n";
}

/// Input that is generated while it is read.
class made_lines : public std::streambuf {
public:
  /// @param make replaces the text by the next part, numbered from 0; an empty
  ///             part ends the input.
  explicit made_lines(std::function<void(int, std::string&)> make)
    : make_(std::move(make)) {}

protected:
  int_type underflow() override {
    make_(number_++, text_);
    setg(text_.data(), text_.data(), text_.data() + text_.size());
    return text_.empty() ? traits_type::eof()
                         : traits_type::to_int_type(text_.front());
  }

private:
  std::function<void(int, std::string&)> make_;
  int number_ = 0;
  std::string text_;
};

loom open_in(const scratch_directory& dir) {
  auto cfg = config::fast();
  cfg.data_dir = dir.path().string();
  auto result = loom::open(std::move(cfg));
  if (!result)
    throw std::runtime_error{explain(result.error())};
  return std::move(*result);
}

buffer_lookup current(const loom& x) {
  return [names = x.names()] {
    auto buffer = names->get<reflection_actor>("root/reflection");
    return buffer ? *buffer : reflection_actor{};
  };
}

/// The peak of memory in use since the last call, in bytes.
std::int64_t peak_memory() {
  std::int64_t result = 0;
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:"))
      result = std::stoll(line.substr(6)) * 1024;
  // Resets the peak to the current use.
  std::ofstream{"/proc/self/clear_refs"} << "5";
  return result;
}

constexpr auto mib = std::int64_t{1} << 20;

/// A line of `size` characters, the newline included.
std::string long_line(const std::string& id, std::size_t size) {
  auto head = R"({"id":")" + id + R"(","query_text":"q","tool_used":"answer",)"
            + R"("confidence":0.5,"response":")";
  auto tail = std::string{"\"}\n"};
  return head + std::string(size - head.size() - tail.size(), 'x') + tail;
}

} // namespace

TEST_CASE("an import continues with the buffer that a restart brings") {
  scratch_directory dir;
  auto x = open_in(dir);
  // After the exit message, the buffer refuses late requests for a while.
  auto reason =
    GENERATE(caf::exit_reason::kill, caf::exit_reason::user_shutdown);
  made_lines input{[&](int n, std::string& text) {
    // Lines are in flight now, and more arrive while there is no buffer.
    if (n == 500 || n == 1'000)
      caf::anon_send_exit(current(x)(), reason);
    text = n < 1'500 ? line(n) : std::string{};
  }};
  std::istream in{&input};
  std::stringstream out;
  auto report = import_lines(x.system(), current(x), in, out);
  CHECK(report.stored == 1'500);
  CHECK(report.failed.empty());
  CHECK(x.reflection_metrics()->total_cycles == 1'500);
}

TEST_CASE("an import of files continues across a restart of the buffer, too") {
  scratch_directory dir;
  scratch_directory files;
  for (auto i = 0; i < 600; ++i)
    REQUIRE(!write_episode_file(files.path(), rewarded("answer", .5)));
  auto x = open_in(dir);
  auto asked = 0;
  auto find = [&] {
    auto buffer = current(x)();
    if (++asked == 300)
      caf::anon_send_exit(buffer, caf::exit_reason::kill);
    return buffer;
  };
  auto report = import_episodes(x.system(), find, files.path());
  REQUIRE(report);
  CHECK(report->stored == 600);
  CHECK(report->failed.empty());
  CHECK(x.reflection_metrics()->total_cycles == 600);
}

TEST_CASE("without a buffer an import waits once, not for each line") {
  system_config config;
  caf::actor_system system{config};
  std::vector<errc> answers;
  auto begun = std::chrono::steady_clock::now();
  {
    import_pipeline pipeline{system, [] { return reflection_actor{}; }, 1,
                             200ms};
    for (auto i = 0; i < 100; ++i)
      pipeline.store(reflection("Who?", "answer", .5),
                     [&](const caf::expected<reflect_ack>& x) {
                       answers.push_back(code_of(x.error()));
                     });
  }
  auto took = std::chrono::steady_clock::now() - begun;
  CHECK(took >= 200ms);
  CHECK(took < 5s);
  CHECK(answers == std::vector<errc>(100, errc::unavailable));
}

TEST_CASE("a line that is too long is refused with little memory") {
  scratch_directory dir;
  running_buffer buffer{options_in(dir)};
  // A line of 256 MiB, between two others.
  made_lines input{[&](int n, std::string& text) {
    if (n == 0 || n == 258)
      text = line(n);
    else if (n < 257)
      text.assign(mib, 'x');
    else
      text = n == 257 ? "\n" : "";
  }};
  std::istream in{&input};
  std::stringstream out;
  peak_memory();
  auto before = peak_memory();
  auto report = import_lines(buffer.system(), buffer.lookup(), in, out);
  CHECK(peak_memory() - before < 96 * mib);
  CHECK(report.stored == 2);
  REQUIRE(report.failed.size() == 1);
  CHECK_THAT(report.failed[0], Catch::Matchers::Contains("line 2: ")
                                 && Catch::Matchers::Contains("16 MiB"));
}

TEST_CASE("the longest permitted line is stored, and not one byte more") {
  scratch_directory dir;
  running_buffer buffer{options_in(dir)};
  std::stringstream in;
  in << long_line("longest", longest_import + 1)
     << long_line("longer", longest_import + 2) << line(1);
  std::stringstream out;
  auto report = import_lines(buffer.system(), buffer.lookup(), in, out);
  CHECK(report.stored == 2);
  REQUIRE(report.failed.size() == 1);
  CHECK_THAT(report.failed[0], Catch::Matchers::Contains("line 2: "));
  auto page = buffer.ask<episode_page>(episodes_query{});
  REQUIRE(page->episodes.size() == 2);
  CHECK(page->episodes[0].id == "longest");
}

TEST_CASE("an import that is told to stop gives up a buffer that never "
          "answers") {
  system_config config;
  caf::actor_system system{config};
  auto silent = system.spawn([](caf::event_based_actor* self) -> caf::behavior {
    self->set_default_handler(caf::skip);
    return {[](const std::string&) {
    }};
  });
  auto find = [&] {
    return caf::actor_cast<reflection_actor>(silent);
  };
  std::stop_source stop;
  made_lines input{[&](int n, std::string& text) {
    text = line(n);
    if (n == 200)
      stop.request_stop();
  }};
  std::istream in{&input};
  std::stringstream out;
  auto report = import_lines(system, find, in, out, 256, stop.get_token());
  CHECK(report.stored == 0);
  CHECK(report.failed.size() == 200);
  REQUIRE_FALSE(report.failed.empty());
  CHECK(report.failed[0].find("was stopped") != std::string::npos);
  caf::anon_send_exit(silent, caf::exit_reason::user_shutdown);
}

TEST_CASE("only a few long lines are in flight at a time") {
  system_config config;
  caf::actor_system system{config};
  // Without answers, requests stay in flight until the pipeline gives up.
  import_pipeline pipeline{system, [] { return reflection_actor{}; }, 256,
                           300ms};
  auto begun = std::chrono::steady_clock::now();
  for (auto i = 0; i < 5; ++i)
    pipeline.store(
      reflection("Long?", "answer", .5),
      [](const caf::expected<reflect_ack>&) {}, longest_import);
  // The fifth had to wait until one was answered.
  CHECK(std::chrono::steady_clock::now() - begun >= 300ms);
  pipeline.drain();
}

TEST_CASE("a file that is too long is reported, left in place and not read") {
  scratch_directory dir;
  scratch_directory files;
  running_buffer buffer{options_in(dir)};
  REQUIRE(!write_episode_file(files.path(), rewarded("answer", .5)));
  auto big = files.path() / "big.json";
  std::ofstream{big} << "{";
  std::filesystem::resize_file(big, 2'048 * mib);
  peak_memory();
  auto before = peak_memory();
  auto report = import_episodes(buffer.system(), buffer.lookup(), files.path());
  CHECK(peak_memory() - before < 96 * mib);
  REQUIRE(report);
  CHECK(report->stored == 1);
  REQUIRE(report->failed.size() == 1);
  CHECK_THAT(report->failed[0], Catch::Matchers::Contains("big.json: ")
                                  && Catch::Matchers::Contains("16 MiB"));
  // The file may be intact, just too long to be read.
  CHECK(std::filesystem::exists(big));
}
