#include "runtime/program.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/shuttle/tools/tool.hpp>
#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/exit_code.hpp>

#include <filesystem>
#include <regex>
#include <set>
#include <sstream>
#include <utility>

using namespace hololoom;
using namespace hololoom::test;

TEST_CASE("every command has help with an example") {
  program hololoom;
  for (std::string command :
       {"remember", "weave", "reflect", "episodes", "episodes list",
        "episodes export", "episodes import", "metrics", "verify", "repair",
        "backup", "restore", "config", "config check"}) {
    INFO(command);
    std::vector<std::string> words;
    if (auto space = command.find(' '); space != std::string::npos)
      words = {command.substr(0, space), command.substr(space + 1)};
    else
      words = {command};
    words.emplace_back("--help");
    auto result = hololoom.run(words);
    CHECK(result.code == 0);
    CHECK(contains(result.out, "Example:\n  hololoom " + command));
    CHECK(result.err.empty());
  }
}

TEST_CASE("help lists the commands and what the exit codes mean") {
  auto result = program{}.run({"--help"});
  CHECK(result.code == 0);
  for (const auto* word :
       {"remember", "weave", "reflect", "episodes", "metrics", "verify",
        "repair", "backup", "restore", "config"})
    CHECK(contains(result.out, word));
  for (const auto& [code, meaning] : exit_code_meanings()) {
    auto number = std::to_string(static_cast<int>(code));
    auto line = "\n  " + number + std::string(5 - number.size(), ' ')
              + std::string{meaning} + "\n";
    INFO(line);
    CHECK(contains(result.out, line));
  }
  for (const auto* code : {"129", "130", "141", "143"})
    CHECK(contains(result.out, code));
}

TEST_CASE("the version is printed") {
  auto result = program{}.run({"--version"});
  CHECK(result.code == 0);
  CHECK(result.out.starts_with("hololoom "));
}

TEST_CASE("a wrong command line ends with 64 and says what is wrong") {
  program hololoom;
  struct wrong {
    std::vector<std::string> words;
    std::string said;
  };
  for (const auto& [words, said] : std::vector<wrong>{
         {{}, "command"},
         {{"weav", "x"}, "did you mean \"weave\"?"},
         {{"xyzzy"}, "there is no command \"xyzzy\""},
         {{"weave"}, "QUERY"},
         {{"weave", "x", "y"}, "y"},
         {{"weave", "--card", "huge", "x"}, "--card"},
         {{"weave", "--deadline-ms", "soon", "x"}, "--deadline-ms"},
         {{"weave", "--nonsense", "x"}, "--nonsense"},
         {{"remember"}, "PATH"},
         {{"reflect"}, "ID"},
         {{"reflect", "id", "--rating", "6"}, "--rating"},
         {{"reflect", "id", "--rating", "good"}, "--rating"},
         {{"reflect", "id", "--helpful", "--unhelpful"}, "--unhelpful"},
         {{"episodes", "export"}, "DIR"},
         {{"config", "check"}, "FILE"}}) {
    INFO(said);
    auto result = hololoom.run(words);
    CHECK(result.code == 64);
    CHECK(result.out.empty());
    CHECK(contains(result.err, said));
  }
}

TEST_CASE("a config is printed whole and can be read again") {
  program hololoom;
  for (std::string preset : {"bare", "fast", "fused"}) {
    auto printed = hololoom.run({"config", preset});
    CHECK(printed.code == 0);
    CHECK(parsed(printed.out)["preset"] == preset);
    auto file = hololoom.home().write(preset + ".json", printed.out);
    CHECK(hololoom.run({"config", "check", file}).code == 0);
    CHECK(hololoom.run({"config", file}).out == printed.out);
  }
  CHECK(hololoom.run({"config"}).out == hololoom.run({"config", "fused"}).out);
}

TEST_CASE("a misspelt config key is refused with the nearest right one") {
  program hololoom;
  auto file =
    hololoom.home().write("wrong.json", R"({"shutdown": {"graze_ms": 100}})");
  for (const auto& words : {std::vector<std::string>{"config", "check", file},
                            {"weave", "--config", file, "1 + 1"},
                            {"metrics", "--config", file}}) {
    auto result = hololoom.run(words);
    CHECK(result.code == 65);
    CHECK(contains(result.err, "graze_ms"));
    CHECK(contains(result.err, "grace_ms"));
    CHECK(contains(result.err, file));
    CHECK(result.out.empty());
  }
}

TEST_CASE("a config file that is missing or not JSON ends with 65") {
  program hololoom;
  auto missing = hololoom.run({"config", "check", "/nowhere.json"});
  CHECK(missing.code == 65);
  CHECK(contains(missing.err, "/nowhere.json"));
  auto file = hololoom.home().write("broken.json", "{\"preset\": ");
  auto broken = hololoom.run({"config", "check", file});
  CHECK(broken.code == 65);
  CHECK(contains(broken.err, "broken.json"));
}

TEST_CASE("a reader that leaves early causes no error message") {
  program hololoom;
  auto result = hololoom.shell("\"$hololoom\" config | true; "
                               "echo ${PIPESTATUS[0]}");
  // Whether the write or the reader's end comes first is a race: both are fine.
  CHECK((result.out == "0\n" || result.out == "141\n"));
  CHECK(result.err.empty());
}

TEST_CASE("a full standard output ends with 74") {
  auto result = program{}.shell("\"$hololoom\" config > /dev/full");
  CHECK(result.code == 74);
  CHECK(contains(result.err, "No space left on device"));
}

// -- the documentation -------------------------------------------------------

TEST_CASE("docs/errors.md has a row for every error, with its exit code") {
  auto page = read_file(HOLOLOOM_SOURCE_DIR "/docs/errors.md");
  REQUIRE_FALSE(page.empty());
  std::size_t errors = 0;
  for (int i = 0; i < 256; ++i) {
    auto code = static_cast<errc>(i);
    auto name = to_string(code);
    if (name == "unknown")
      continue;
    ++errors;
    auto exit = static_cast<int>(exit_code_for(code));
    auto row = "| " + std::to_string(i) + " | `" + name + "` | "
             + std::to_string(exit) + " |";
    INFO(row);
    CHECK(contains(page, row));
  }
  CHECK(errors > 30);
}

TEST_CASE("docs/errors.md has a row for every exit code, in its words") {
  auto page = read_file(HOLOLOOM_SOURCE_DIR "/docs/errors.md");
  for (const auto& [code, meaning] : exit_code_meanings()) {
    auto row = "| " + std::to_string(static_cast<int>(code)) + " | "
             + std::string{meaning} + " |";
    INFO(row);
    CHECK(contains(page, row));
  }
}

namespace {

/// The row of a page's table that begins with `name` in backticks.
std::string row_of(const std::string& page, const std::string& name) {
  auto at = page.find("\n| `" + name + "` |");
  return at == std::string::npos
         ? ""
         : page.substr(at + 1, page.find('\n', at + 1) - at - 1);
}

/// The whole numbers in a text, each once.
std::set<int> numbers_in(const std::string& text) {
  std::set<int> result;
  const std::regex number{"[0-9]+"};
  for (std::sregex_iterator i{text.begin(), text.end(), number}, end; i != end;
       ++i)
    result.insert(std::stoi(i->str()));
  return result;
}

} // namespace

TEST_CASE("docs/cascade.md names the exit codes that a report may ask for") {
  auto row =
    row_of(read_file(HOLOLOOM_SOURCE_DIR "/docs/cascade.md"), "exit_code");
  INFO(row);
  std::set<int> known;
  for (auto code : {exit_code::ok, exit_code::unavailable, exit_code::internal,
                    exit_code::io, exit_code::forced})
    known.insert(static_cast<int>(code));
  CHECK(numbers_in(row) == known);
  // The worst comes first, because it wins.
  for (auto [worse, than] :
       {std::pair{"75", "74"}, {"74", "70"}, {"70", "69"}, {"69", "; 0 if"}})
    CHECK(row.find(worse) < row.find(than));
}

TEST_CASE("docs/tools.md has the cues of the built-in tools") {
  auto page = read_file(HOLOLOOM_SOURCE_DIR "/docs/tools.md");
  auto tools = builtin_tools();
  auto cue = [&](const char* tool, const char* asked) {
    query about;
    about.text = asked;
    std::ostringstream out;
    out << tools.find(tool)->cue(about, {});
    return out.str();
  };
  const auto* statement = "the sky is blue";
  CHECK(row_of(page, "answer")
        == "| `answer` | " + cue("answer", "what is a shard?")
             + " for a question | " + cue("answer", statement) + " |");
  CHECK(row_of(page, "search")
        == "| `search` | " + cue("search", "search for shards")
             + " if asked to look something up | " + cue("search", statement)
             + " |");
  CHECK(row_of(page, "calc")
        == "| `calc` | " + cue("calc", "2 + 2") + " for arithmetic | "
             + cue("calc", "what happened in 2019-2023?")
             + " for what may be some, else " + cue("calc", statement) + " |");
  CHECK(row_of(page, "note")
        == "| `note` | " + cue("note", "note that the sky is blue")
             + " if asked to keep something | " + cue("note", statement)
             + " |");
}

namespace {

/// A page without its fenced code, where brackets mean other things.
std::string without_code(const std::string& page) {
  std::string result;
  auto in_code = false;
  std::istringstream lines{page};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```"))
      in_code = !in_code;
    else if (!in_code)
      result += line + '\n';
  }
  return result;
}

} // namespace

TEST_CASE("no link between the pages of the documentation is broken") {
  namespace fs = std::filesystem;
  std::vector<fs::path> pages{HOLOLOOM_SOURCE_DIR "/README.md"};
  for (const auto& entry :
       fs::recursive_directory_iterator{HOLOLOOM_SOURCE_DIR "/docs"})
    if (entry.path().extension() == ".md")
      pages.push_back(entry.path());
  CHECK(pages.size() > 5);
  for (const auto& page : pages) {
    auto text = without_code(read_file(page.string()));
    for (auto at = text.find("]("); at != std::string::npos;
         at = text.find("](", at + 2)) {
      auto target = text.substr(at + 2, text.find_first_of(")#", at) - at - 2);
      if (target.empty() || contains(target, "://"))
        continue;
      INFO(page.string() << " links to " << target);
      CHECK(fs::exists(page.parent_path() / target));
    }
  }
}
