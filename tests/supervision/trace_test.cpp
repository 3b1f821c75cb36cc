#include "support/catch.hpp"
#include "support/process.hpp"

#include <hololoom/messages/json/read.hpp>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

// What supervision_trace answers to lines that no generator of traces writes.

using namespace hololoom;
using namespace hololoom::test;

namespace {

process_result traces(const std::string& input,
                      std::vector<std::string> arguments = {}) {
  arguments.insert(arguments.begin(), TRACE_PROGRAM);
  return run_process(std::move(arguments), {}, input);
}

std::vector<json> results(const std::string& input) {
  auto out = traces(input);
  INFO(out.err);
  REQUIRE(out.code == 0);
  std::vector<json> result;
  std::istringstream lines{out.out};
  for (std::string line; std::getline(lines, line);) {
    auto value = parse_json(line);
    REQUIRE(value);
    result.push_back(std::move(*value));
  }
  return result;
}

json result(const std::string& line) {
  auto all = results(line + "\n");
  REQUIRE(all.size() == 1);
  return all[0];
}

json refused(const char* tag) {
  return {{"start", {{"error", tag}}}, {"steps", json::array()}};
}

json listed(const char* text) {
  return *parse_json(text);
}

} // namespace

TEST_CASE("a trace shows who was started how often, and who ended when") {
  auto x =
    result(R"({"children":[{"id":"a"},{"id":"b","shutdown":100,)"
           R"("on_shutdown":"ignore"},{"id":"c","restart":"temporary"}],)"
           R"("ops":[{"op":"exit","id":"a","reason":"crash"},)"
           R"({"op":"exit","id":"c","reason":"normal"},)"
           R"({"op":"terminate_child","id":"b"},)"
           R"({"op":"exit","id":"a","reason":"crash"},)"
           R"({"op":"count_children"}]})");
  CHECK(x["start"] == "ok");
  auto& steps = x["steps"];
  REQUIRE(steps.size() == 5);
  CHECK(steps[0]
        == listed(R"({"reply":"ok","alive":true,"reason":null,)"
                  R"("children":[["a",2,"running"],["b",1,"running"],)"
                  R"(["c",1,"running"]]})"));
  CHECK(steps[1]["children"]
        == listed(R"([["a",2,"running"],["b",1,"running"]])"));
  CHECK(steps[2]["children"]
        == listed(R"([["a",2,"running"],["b",1,"undefined"]])"));
  // A second restart within five seconds is one too many.
  CHECK(steps[3]
        == listed(R"({"reply":"ok","alive":false,)"
                  R"("reason":"shutdown","children":[],)"
                  R"("ended":[["a","crash"],["c","normal"],)"
                  R"(["b","killed"],["a","crash"]]})"));
  CHECK(steps[4]["reply"] == "noproc");
  CHECK(steps[4]["ended"] == steps[3]["ended"]);
}

TEST_CASE("children of a simple_one_for_one have numbers, in their order") {
  std::string starts;
  for (auto i = 0; i < 10; ++i)
    starts += R"({"op":"start_child"},)";
  auto x = result(R"({"supervisor":{"strategy":"simple_one_for_one"},)"
                  R"("children":[{"id":"t","restart":"temporary"}],"ops":[)"
                  + starts
                  + R"({"op":"terminate_child","id":"i3"},)"
                    R"({"op":"terminate_child","id":"i3"},)"
                    R"({"op":"terminate_child","id":"i11"},)"
                    R"({"op":"restart_child","id":"i1"},{"op":"stop"}]})");
  auto& steps = x["steps"];
  REQUIRE(steps.size() == 15);
  CHECK(steps[10]["reply"] == "ok");
  CHECK(steps[11]["reply"] == "ok");
  CHECK(steps[12]["reply"] == "simple_one_for_one");
  CHECK(steps[13]["reply"] == "simple_one_for_one");
  CHECK(steps[14]["ended"]
        == listed(R"([["i3","shutdown"],["i1","shutdown"],["i2","shutdown"],)"
                  R"(["i4","shutdown"],["i5","shutdown"],["i6","shutdown"],)"
                  R"(["i7","shutdown"],["i8","shutdown"],["i9","shutdown"],)"
                  R"(["i10","shutdown"]])"));
}

TEST_CASE("what is wrong with a supervisor or a child is told by OTP's tag") {
  auto [line, tag] = GENERATE(table<std::string, const char*>({
    {R"({"supervisor":{"strategy":"one_for_two"}})", "invalid_strategy"},
    {R"({"supervisor":{"intensity":-1}})", "invalid_intensity"},
    {R"({"supervisor":{"intensity":"1"}})", "invalid_intensity"},
    {R"({"supervisor":{"period_ms":0}})", "invalid_period"},
    {R"({"supervisor":{"period_ms":-9223372036854775808}})", "invalid_period"},
    {R"({"supervisor":{"auto_shutdown":1}})", "invalid_auto_shutdown"},
    {R"({"children":[{"id":"a","restart":"always"}]})", "invalid_restart_type"},
    {R"({"children":[{"id":"a","shutdown":-1}]})", "invalid_shutdown"},
    {R"({"children":[{"id":"a","shutdown":1.5}]})", "invalid_shutdown"},
    {R"({"children":[{"id":"a","shutdown":null}]})", "invalid_shutdown"},
    {R"({"children":[{"id":"a","type":"actor"}]})", "invalid_child_type"},
    {R"({"children":[{"id":"a","significant":1}]})", "invalid_significant"},
    {R"({"children":[{"id":"a","significant":true,"restart":"temporary"}]})",
     "bad_combination"},
    {R"({"children":[{"id":"a"},{"id":"a"}]})", "duplicate_child_name"},
    {R"({"children":[{}]})", "missing_id"},
    {R"({"supervisor":{"strategy":"simple_one_for_one"}})", "bad_start_spec"},
  }));
  INFO(line);
  CHECK(result(line) == refused(tag));
}

TEST_CASE("numbers that no clock can tell are times without an end") {
  auto number = GENERATE(std::string{"9000000000000000"},
                         std::string{"9223372036854775807"},
                         std::string{"18446744073709551615"});
  auto crash = std::string{R"({"op":"exit","id":"a","reason":"crash"})"};
  auto x =
    result(R"({"supervisor":{"period_ms":)" + number
           + R"(},"children":[{"id":"a","shutdown":)" + number + R"(}],"ops":[)"
           + crash + R"(,{"op":"advance","ms":86400000},)" + crash
           + R"(,{"op":"advance","ms":)" + number + R"(},{"op":"advance","ms":)"
           + number + "}]}");
  CHECK(x["start"] == "ok");
  REQUIRE(x["steps"].size() == 5);
  CHECK(x["steps"][1]["children"] == listed(R"([["a",2,"running"]])"));
  // A day later is within the period.
  CHECK(x["steps"][2]["ended"] == listed(R"([["a","crash"],["a","crash"]])"));
}

TEST_CASE("a trace's other words are read past, and an id may be anything") {
  auto x =
    result(R"({"name":"n","children":[{"id":"a/b%","why":[1]},{"id":7}],)"
           R"("ops":[{"op":"exit","id":7,"note":{}},)"
           R"({"op":"terminate_child","id":"a/b%"},)"
           R"({"op":"terminate_child","id":8},{"op":"which_children"}]})");
  auto& steps = x["steps"];
  REQUIRE(steps.size() == 4);
  CHECK(steps[0]["children"]
        == listed(R"([["a/b%",1,"running"],["7",2,"running"]])"));
  CHECK(steps[1]["children"][0] == listed(R"(["a/b%",1,"undefined"])"));
  CHECK(steps[2]["reply"] == "not_found");
  CHECK(
    steps[3]["reply"]
    == listed(R"([["a/b%","undefined","worker"],["7","running","worker"]])"));
}

TEST_CASE("there is a line of output for each line of input") {
  auto all = results("\n{\n[]\n{\"ops\":[7]}\n{\"children\":3}\n{}\n\xff\n{}");
  REQUIRE(all.size() == 8);
  const json fine{{"start", "ok"}, {"steps", json::array()}};
  for (std::size_t i : {0, 1, 2, 3, 6})
    CHECK(all[i] == refused("invalid_json"));
  CHECK(all[5] == fine);
  CHECK(all[7] == fine);
}

TEST_CASE("an argument is refused") {
  auto wrong = traces("{}\n", {"traces.jsonl"});
  CHECK(wrong.code == 64);
  CHECK(wrong.out.empty());
  CHECK(wrong.err.find("traces.jsonl") != std::string::npos);
  auto help = traces("", {"--help"});
  CHECK(help.code == 0);
  CHECK(help.out.find("standard") != std::string::npos);
}
