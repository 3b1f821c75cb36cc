#include "runtime/program.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

#include <string>

// More children than can end in the time that they have.

using namespace hololoom;
using namespace hololoom::test;

namespace {

/// How many children a line of the report stands for: "12 more actor children".
std::size_t number_of(const std::string& name) {
  return name.find('/') != std::string::npos ? 1 : std::stoul(name);
}

} // namespace

TEST_CASE("a hundred thousand without any grace are accounted for") {
  temporary_folder folder;
  auto ended =
    run_process({"/bin/sh", "-c",
                 CASCADE_DEMO " --workers 100000 --grace-ms 0 --json 2> "
                   + folder.path() + "/err"},
                {});
  auto report = parsed(ended.out);
  INFO(report.dump(2));
  // The force takes a second at most, which crowd_test.cpp of supervision shows
  // on the virtual clock; here other programs may have the cores.
  CHECK(report["total_ms"].get<double>() < 3'000);
  CHECK(ended.code == report["exit_code"]);
  std::size_t workers = 0;
  std::size_t there = 0;
  for (const auto& child : report["children"])
    if (child["kind"] == "coroutine") {
      auto count = number_of(child["name"]);
      workers += count;
      if (child["ended"] == "no_turn" || child["ended"] == "abandoned")
        there += count;
    }
  CHECK(workers == 100'000);
  CHECK(ended.code == 75);
  std::size_t named = 0;
  for (const auto& name : report["abandoned"])
    named += number_of(name);
  CHECK(named == there);
  // The report says it all; the log does not say it once more.
  CHECK(read_file(folder.path() + "/err").size() < 50'000);
}
