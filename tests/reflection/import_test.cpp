#include "running_buffer.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/reflection/episode_files.hpp>
#include <hololoom/actors/reflection/import_pipeline.hpp>
#include <hololoom/runtime/loom.hpp>

#include <chrono>
#include <functional>
#include <istream>
#include <set>
#include <sstream>
#include <streambuf>
#include <thread>

using namespace hololoom;
using namespace hololoom::test;
using namespace std::chrono_literals;

namespace {

std::string line(int number) {
  return R"({"id":"line-)" + std::to_string(number)
       + R"(","query_text":"q","response":"r","tool_used":"answer",)"
       + R"("confidence":0.5})" + "\n";
}

/// Input that is made as it is read.
class made_lines : public std::streambuf {
public:
  /// @param make the next lines for a number from 0 on; empty: the end.
  explicit made_lines(std::function<std::string(int)> make)
    : make_(std::move(make)) {}

protected:
  int_type underflow() override {
    text_ = make_(number_++);
    setg(text_.data(), text_.data(), text_.data() + text_.size());
    return text_.empty() ? traits_type::eof()
                         : traits_type::to_int_type(text_.front());
  }

private:
  std::function<std::string(int)> make_;
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
  return [&x] {
    return x.reflection();
  };
}

} // namespace

TEST_CASE("an import goes on with the buffer that a restart brought") {
  scratch_directory dir;
  auto x = open_in(dir);
  made_lines input{[&](int n) {
    // Lines are under way then, and more come while there is no buffer.
    if (n == 500 || n == 1'000)
      caf::anon_send_exit(x.reflection(), caf::exit_reason::kill);
    return n < 1'500 ? line(n) : std::string{};
  }};
  std::istream in{&input};
  std::stringstream out;
  auto report = import_lines(x.system(), current(x), in, out);
  CHECK(report.stored == 1'500);
  CHECK(report.failed.empty());
  CHECK(x.reflection_metrics()->total_cycles == 1'500);
}

TEST_CASE("files are imported past a restart of the buffer, too") {
  scratch_directory dir;
  scratch_directory files;
  for (auto i = 0; i < 600; ++i)
    REQUIRE(!write_episode_file(files.path(), rewarded("answer", .5)));
  auto x = open_in(dir);
  auto asked = 0;
  auto find = [&] {
    auto buffer = x.reflection();
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

TEST_CASE("without a buffer an import waits a while, and not for each line") {
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
