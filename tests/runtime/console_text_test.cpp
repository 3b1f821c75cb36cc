#include "support/catch.hpp"

#include <hololoom/messages/exit_code.hpp>
#include <hololoom/runtime/cli/terminal/render.hpp>
#include <hololoom/runtime/cli/terminal/text_layout.hpp>

#include <string>

using namespace hololoom;
using namespace hololoom::cli;

namespace {

spacetime sample_answer() {
  spacetime woven;
  woven.id = "abc";
  woven.query_text = "q";
  woven.response = "It is so.";
  woven.tool_used = "answer";
  woven.confidence = 0.75;
  woven.trace.duration = millis{12.4};
  woven.sources_used = {"/a/b.txt"};
  return woven;
}

} // namespace

TEST_CASE("numbers are grouped by thousands") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(1234567) == "1,234,567");
  CHECK(grouped(-1234) == "-1,234");
  CHECK(grouped(-123) == "-123");
}

TEST_CASE("a noun follows its count") {
  CHECK(counted(0, "file") == "0 files");
  CHECK(counted(1, "file") == "1 file");
  CHECK(counted(2, "file") == "2 files");
}

TEST_CASE("bytes and times are printed in readable units") {
  CHECK(human_bytes(0) == "0 B");
  CHECK(human_bytes(999) == "999 B");
  CHECK(human_bytes(1500) == "1.5 kB");
  CHECK(human_bytes(999'999) == "1.0 MB");
  CHECK(human_bytes(127'000'000) == "127 MB");
  CHECK(human_ms(0.84) == "0.8 ms");
  CHECK(human_ms(12.4) == "12 ms");
  CHECK(human_ms(3400) == "3.4 s");
}

TEST_CASE("text is wrapped at spaces and never loses a word") {
  CHECK(wrapped("one two three", 0) == "one two three");
  CHECK(wrapped("one two three", 8) == "one two\nthree");
  CHECK(wrapped("one two three", 8, 2) == "one two\n  three");
  CHECK(wrapped("alongwordindeed x", 5) == "alongwordindeed\nx");
  CHECK(wrapped("a\n\nb", 10) == "a\n\nb");
  CHECK(wrapped("", 10).empty());
}

TEST_CASE("width is counted in code points, not in bytes") {
  CHECK(columns("wärp") == 4);
  CHECK(clipped("wärpfäden", 5) == "wärp…");
  CHECK(clipped("wärp", 4) == "wärp");
  CHECK(clipped("a\nb", 9) == "a b");
}

TEST_CASE("a table aligns its columns") {
  CHECK(table({{"tool", "uses"}, {"calc", "7"}, {"answer", "1,000"}})
        == "  tool      uses\n"
           "  calc         7\n"
           "  answer   1,000\n");
}

TEST_CASE("control characters do not reach the terminal") {
  CHECK(printable("a\x1b[31mb\x07") == "a[31mb");
  CHECK(printable("a\tb\nc") == "a\tb\nc");
  CHECK(printable("a\xc2\x9b"
                  "b")
        == "ab");
  CHECK(printable("ä") == "ä");
}

TEST_CASE("an answer is printed with its sources and how it came about") {
  CHECK(render(sample_answer(), style{})
        == "It is so.\n\nSources\n  /a/b.txt\n\n"
           "answer · confidence 0.75 · 12 ms · id abc\n");
}

TEST_CASE("colour is used only if the style has it") {
  auto plain = render(sample_answer(), style{});
  auto coloured = render(sample_answer(), style{true, 80});
  CHECK(plain.find('\033') == std::string::npos);
  CHECK(coloured.find("\033[2m") != std::string::npos);
}

TEST_CASE("the error of a step is printed with the step's name") {
  auto woven = sample_answer();
  woven.trace.errors.push_back({"tool_execution", "division by zero", "x"});
  auto text = render(woven, style{});
  CHECK(text.find("In tool_execution: division by zero") != std::string::npos);
}

TEST_CASE("metrics without episodes are one line") {
  CHECK(render(reflection_metrics{}, style{})
        == "0 episodes, 0 successful (0 %)\n");
}

TEST_CASE("named paths are listed one by one, found ones by reason") {
  reading_report report;
  report.skipped.push_back({"named.bin", errc::invalid_shard, "no text"});
  for (int i = 0; i < 7; ++i)
    report.skipped.push_back(
      {"d/" + std::to_string(i), errc::invalid_shard, "no text"});
  auto text = render_skipped(report, {"named.bin", "d"});
  CHECK(text.find("skipped named.bin: no text\n") != std::string::npos);
  CHECK(text.find("skipped 7 files: no text\n") != std::string::npos);
  CHECK(text.find("d/4") != std::string::npos);
  CHECK(text.find("d/5") == std::string::npos);
  CHECK(text.find("and 2 more") != std::string::npos);
  CHECK(render_skipped(reading_report{}, {}).empty());
}

TEST_CASE("progress fits its line") {
  auto line = render(reading_progress{5, 10, 1'000'000, 2'000'000}, 79);
  CHECK(line.find("50 %") != std::string::npos);
  CHECK(line.find("5 of 10 files") != std::string::npos);
  CHECK(columns(line) <= 79);
  CHECK(render(reading_progress{}, 79).find("100 %") != std::string::npos);
}

TEST_CASE("every error has an exit code of its kind") {
  CHECK(exit_code_for(errc::none) == exit_code::ok);
  CHECK(exit_code_for(errc::invalid_config) == exit_code::bad_data);
  CHECK(exit_code_for(errc::data_dir_locked) == exit_code::data_dir);
  CHECK(exit_code_for(errc::data_dir_unusable) == exit_code::data_dir);
  CHECK(exit_code_for(errc::disk_full) == exit_code::io);
  CHECK(exit_code_for(errc::shutting_down) == exit_code::unavailable);
  CHECK(exit_code_for(errc::internal) == exit_code::internal);
}
