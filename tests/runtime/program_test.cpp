#include "runtime/program.hpp"
#include "runtime/small_disk.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>
#include <unistd.h>

using namespace hololoom;
using namespace hololoom::test;
namespace fs = std::filesystem;

namespace {

constexpr auto licence_text =
  "Every Debian package carries a file named copyright. It says how the "
  "package is licensed. The file lies below /usr/share/doc.\n";

std::int64_t total_cycles(const program& hololoom) {
  auto result = hololoom.run({"metrics", "--data", hololoom.data(), "--json"});
  INFO(result.err);
  REQUIRE(result.code == 0);
  return parsed(result.out)["total_cycles"].get<std::int64_t>();
}

/// As root, permissions count only without these capabilities.
std::vector<std::string> bound_by_permissions(std::vector<std::string> argv) {
  if (::geteuid() != 0)
    return argv;
  std::vector<std::string> result{
    "setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps",
    "-dac_override,-dac_read_search"};
  result.insert(result.end(), argv.begin(), argv.end());
  return result;
}

/// Whether permissions can be made to count here.
bool permissions_count(const program& hololoom) {
  auto file = hololoom.home().write("secret", "x");
  fs::permissions(file, fs::perms::none);
  return run_process(bound_by_permissions({"cat", file})).code != 0;
}

} // namespace

// -- weave -------------------------------------------------------------------

TEST_CASE("arithmetic is calculated") {
  program hololoom;
  auto query = std::string{"what is 12 * (3 + 4)"};
  auto printed = hololoom.run({"weave", query});
  CHECK(printed.code == 0);
  CHECK(contains(printed.out, "84"));
  CHECK(printed.err.empty());
  auto result = hololoom.run({"weave", "--json", query});
  CHECK(result.code == 0);
  auto woven = parsed(result.out);
  CHECK(woven["tool_used"] == "calc");
  CHECK(contains(woven["response"].get<std::string>(), "84"));
  CHECK(woven["query_text"] == query);
  CHECK_FALSE(woven["id"].get<std::string>().empty());
}

TEST_CASE("a file given with --from is the source of the answer") {
  program hololoom;
  auto file = hololoom.home().write("notes/licences.md", licence_text);
  hololoom.home().write("notes/other.md", "The cat sat on the mat.\n");
  // Without exploration, which would try another tool now and then.
  auto steady =
    hololoom.home().write("steady.json", R"({"weave": {"epsilon": 0}})");
  auto result = hololoom.run({"weave", "--json", "--config", steady, "--from",
                              hololoom.home() / "notes",
                              "How are Debian packages licensed?"});
  INFO(result.err);
  CHECK(result.code == 0);
  auto woven = parsed(result.out);
  REQUIRE_FALSE(woven["sources_used"].empty());
  CHECK(fs::equivalent(woven["sources_used"][0].get<std::string>(), file));
  CHECK(contains(woven["response"].get<std::string>(), "copyright"));
}

TEST_CASE("with --from alone nothing is written anywhere") {
  program hololoom;
  auto file = hololoom.home().write("licences.md", licence_text);
  CHECK(
    hololoom.run({"weave", "--from", file, "What is a copyright file?"}).code
    == 0);
  CHECK_FALSE(fs::exists(hololoom.home() / "share"));
  CHECK(std::distance(fs::directory_iterator{hololoom.home().path()},
                      fs::directory_iterator{})
        == 1);
}

TEST_CASE("weave --from an unreadable path ends with 65 and names it") {
  program hololoom;
  auto result = hololoom.run({"weave", "--from", "/nowhere", "Anything?"});
  CHECK(result.code == 65);
  CHECK(contains(result.err, "/nowhere"));
  CHECK(result.out.empty());
}

TEST_CASE("without --data the default data directory is used") {
  program hololoom;
  CHECK(hololoom.run({"weave", "1 + 1"}).code == 0);
  CHECK(fs::exists(hololoom.home() / "share/hololoom/journal.db"));
}

TEST_CASE("an invalid query is refused with 65") {
  program hololoom;
  for (const std::string query : {"", "   ", "not utf-8: \xff\xfe"}) {
    auto result = hololoom.run({"weave", "--data", hololoom.data(), query});
    CHECK(result.code == 65);
    CHECK_FALSE(result.err.empty());
    CHECK(result.out.empty());
  }
}

TEST_CASE("each card can be requested") {
  program hololoom;
  for (std::string card : {"bare", "fast", "fused", "auto"}) {
    auto result = hololoom.run({"weave", "--data", hololoom.data(), "--card",
                                card, "--json", "what is 2 + 2"});
    CHECK(result.code == 0);
    auto woven = parsed(result.out);
    CHECK_FALSE(woven["metadata"]["pattern_card"].get<std::string>().empty());
  }
}

TEST_CASE("a weave without memory says so instead of failing") {
  program hololoom;
  auto result =
    hololoom.run({"weave", "--data", hololoom.data(), "Who is the king?"});
  CHECK(result.code == 0);
  CHECK_FALSE(result.out.empty());
}

TEST_CASE("output to a pipe has no escape sequences") {
  program hololoom;
  auto result = hololoom.run({"weave", "--data", hololoom.data(), "1 + 1"});
  CHECK_FALSE(contains(result.out, "\033"));
}

// -- remember ----------------------------------------------------------------

TEST_CASE("remembering twice changes nothing") {
  program hololoom;
  auto folder = hololoom.home() / "notes";
  for (int i = 0; i < 20; ++i)
    hololoom.home().write("notes/" + std::to_string(i) + ".txt",
                          "Note " + std::to_string(i) + ". " + licence_text);
  std::vector<std::string> words{"remember", "--json", "--data",
                                 hololoom.data(), folder};
  auto first = parsed(hololoom.run(words).out);
  CHECK(first["files"] == 20);
  CHECK(first["added"] == first["shards"]);
  CHECK(first["added"].get<int>() >= 20);
  auto second = parsed(hololoom.run(words).out);
  CHECK(second["added"] == 0);
  CHECK(second["replaced"] == 0);
  CHECK(second["removed"] == 0);
  CHECK(second["unchanged"] == first["added"]);
  CHECK(second["total"] == first["total"]);
}

TEST_CASE("a later run answers from remembered text") {
  program hololoom;
  auto file = hololoom.home().write("licences.md", licence_text);
  CHECK(hololoom.run({"remember", "--data", hololoom.data(), file}).code == 0);
  auto result = hololoom.run({"weave", "--data", hololoom.data(), "--json",
                              "How are Debian packages licensed?"});
  auto woven = parsed(result.out);
  REQUIRE_FALSE(woven["sources_used"].empty());
  CHECK(fs::equivalent(woven["sources_used"][0].get<std::string>(), file));
}

TEST_CASE("a changed file replaces its remembered text") {
  program hololoom;
  auto file = hololoom.home().write("fact.txt", "The sky is green today.\n");
  std::vector<std::string> words{"remember", "--json", "--data",
                                 hololoom.data(), file};
  CHECK(parsed(hololoom.run(words).out)["total"] == 1);
  hololoom.home().write("fact.txt", "The sky is blue today.\n");
  auto second = parsed(hololoom.run(words).out);
  CHECK(second["total"] == 1);
  CHECK(second["removed"].get<int>() + second["replaced"].get<int>() == 1);
}

TEST_CASE("invalid UTF-8 is named, and the rest is read") {
  program hololoom;
  std::string bytes = "Valid up to here \xc3\x28 and not after.\n";
  bytes += std::string(3, '\0');
  auto bad = hololoom.home().write("bad.txt", bytes);
  auto good = hololoom.home().write("good.txt", licence_text);
  auto both =
    hololoom.run({"remember", "--json", "--data", hololoom.data(), bad, good});
  CHECK(both.code == 0);
  CHECK(contains(both.err, bad));
  auto report = parsed(both.out);
  CHECK(report["files"] == 1);
  REQUIRE(report["skipped"].size() == 1);
  CHECK(report["skipped"][0]["path"] == bad);
  CHECK_FALSE(report["skipped"][0]["reason"].get<std::string>().empty());
  auto alone = hololoom.run({"remember", "--data", hololoom.data(), bad});
  CHECK(alone.code == 65);
  CHECK(contains(alone.err, bad));
}

TEST_CASE("a path that does not exist is named and ends with 65") {
  program hololoom;
  auto result =
    hololoom.run({"remember", "--data", hololoom.data(), "/nowhere/at/all"});
  CHECK(result.code == 65);
  CHECK(contains(result.err, "/nowhere/at/all"));
}

TEST_CASE("a file without permission is named and ends with 74") {
  program hololoom;
  if (!permissions_count(hololoom)) {
    WARN("permissions do not count here: not tested");
    return;
  }
  auto file = hololoom.home().write("private.txt", licence_text);
  auto good = hololoom.home().write("good.txt", licence_text);
  fs::permissions(file, fs::perms::none);
  auto alone = run_process(bound_by_permissions(hololoom.command(
                             {"remember", "--data", hololoom.data(), file})),
                           hololoom.environment());
  CHECK(alone.code == 74);
  CHECK(contains(alone.err, file));
  auto both =
    run_process(bound_by_permissions(hololoom.command(
                  {"remember", "--data", hololoom.data(), file, good})),
                hololoom.environment());
  CHECK(both.code == 0);
  CHECK(contains(both.err, file));
}

TEST_CASE("an empty folder is read without an error") {
  program hololoom;
  fs::create_directories(hololoom.home() / "empty");
  auto result = hololoom.run(
    {"remember", "--data", hololoom.data(), hololoom.home() / "empty"});
  CHECK(result.code == 0);
  CHECK(contains(result.out, "read 0 files"));
}

// -- reflect -----------------------------------------------------------------

TEST_CASE("a weave of an earlier run can be reflected on") {
  program hololoom;
  auto data = hololoom.data();
  auto woven =
    parsed(hololoom.run({"weave", "--data", data, "--json", "2 + 2"}).out);
  auto id = woven["id"].get<std::string>();
  auto result =
    hololoom.run({"reflect", "--data", data, id, "--helpful", "--rating", "5",
                  "--comment", "well done", "--json"});
  INFO(result.err);
  CHECK(result.code == 0);
  auto ack = parsed(result.out);
  CHECK(ack["durable"] == true);
  CHECK(ack["success"] == true);
  CHECK(total_cycles(hololoom) == 1);
  auto episodes =
    parsed_lines(hololoom.run({"episodes", "--data", data, "--json"}).out);
  REQUIRE(episodes.size() == 1);
  CHECK(episodes[0]["spacetime"]["id"] == id);
  CHECK(episodes[0]["feedback"]["rating"] == 5);
  CHECK(episodes[0]["feedback"]["comment"] == "well done");
}

TEST_CASE("an unknown id is refused with 65") {
  program hololoom;
  auto result = hololoom.run(
    {"reflect", "--data", hololoom.data(), "no-such-id", "--helpful"});
  CHECK(result.code == 65);
  CHECK(contains(result.err, "no-such-id"));
  CHECK(total_cycles(hololoom) == 0);
}

// -- episodes ----------------------------------------------------------------

TEST_CASE("episodes are exported to files and imported again") {
  program hololoom;
  std::string lines;
  for (int i = 0; i < 5; ++i)
    lines += episode_line(i);
  auto imported =
    hololoom.run({"episodes", "import", "-", "--data", hololoom.data()}, lines);
  CHECK(imported.code == 0);
  auto answers = parsed_lines(imported.out);
  CHECK(answers.size() == 5);
  for (const auto& answer : answers)
    CHECK(answer["durable"] == true);
  auto folder = hololoom.home() / "export";
  CHECK(
    hololoom.run({"episodes", "export", folder, "--data", hololoom.data()}).code
    == 0);
  CHECK(std::distance(fs::directory_iterator{folder}, fs::directory_iterator{})
        == 5);
  auto other = hololoom.home() / "other";
  auto back =
    hololoom.run({"episodes", "import", folder, "--data", other, "--json"});
  INFO(back.err);
  CHECK(back.code == 0);
  CHECK(parsed(back.out)["stored"] == 5);
  CHECK(hololoom.run({"episodes", "--json", "--data", other}).out
        == hololoom.run({"episodes", "--json", "--data", hololoom.data()}).out);
}

TEST_CASE("a broken line is answered with an error and ends with 65, the "
          "others are stored") {
  program hololoom;
  auto result =
    hololoom.run({"episodes", "import", "-", "--data", hololoom.data()},
                 episode_line(1) + "{\"id\": \"x\"\n" + episode_line(2));
  CHECK(result.code == 65);
  auto answers = parsed_lines(result.out);
  CHECK(answers.size() == 3);
  CHECK(total_cycles(hololoom) == 2);
}

TEST_CASE("an episode imported twice is counted once") {
  program hololoom;
  std::vector<std::string> words{"episodes", "import", "-", "--data",
                                 hololoom.data()};
  CHECK(hololoom.run(words, episode_line(1)).code == 0);
  CHECK(hololoom.run(words, episode_line(1)).code == 0);
  CHECK(total_cycles(hololoom) == 1);
}

TEST_CASE("more episodes than fit a page are all listed") {
  program hololoom;
  std::string lines;
  for (int i = 0; i < 450; ++i)
    lines += episode_line(i);
  CHECK(
    hololoom.run({"episodes", "import", "-", "--data", hololoom.data()}, lines)
      .code
    == 0);
  auto listed = hololoom.run({"episodes", "--json", "--data", hololoom.data()});
  CHECK(parsed_lines(listed.out).size() == 450);
}

TEST_CASE("a reader that leaves early ends the list in order") {
  program hololoom;
  std::string lines;
  for (int i = 0; i < 450; ++i)
    lines += episode_line(i);
  hololoom.run({"episodes", "import", "-", "--data", hololoom.data()}, lines);
  auto result =
    hololoom.shell("\"$hololoom\" episodes --json --data '" + hololoom.data()
                   + "' | head -n 1; echo ${PIPESTATUS[0]}");
  CHECK(contains(result.out, "\n141\n"));
  CHECK(result.err.empty());
  CHECK(total_cycles(hololoom) == 450);
}

// -- durability --------------------------------------------------------------

TEST_CASE("acknowledged episodes survive kill -9") {
  program hololoom;
  constexpr int count = 25;
  {
    process import{
      hololoom.command({"episodes", "import", "-", "--data", hololoom.data()}),
      hololoom.environment()};
    for (int i = 0; i < count; ++i) {
      REQUIRE(import.write(episode_line(i)));
      CHECK(parsed(import.read_line())["durable"] == true);
    }
    import.send_signal(SIGKILL);
    CHECK(import.wait().signal == SIGKILL);
  }
  CHECK(total_cycles(hololoom) == count);
}

TEST_CASE("three reflections, kill -9 and a restart are still three") {
  program hololoom;
  auto data = hololoom.data();
  for (int i = 0; i < 3; ++i) {
    auto woven =
      parsed(hololoom.run({"weave", "--data", data, "--json", "6 * 7"}).out);
    CHECK(hololoom
            .run({"reflect", "--data", data, woven["id"].get<std::string>(),
                  "--helpful"})
            .code
          == 0);
  }
  process holder{hololoom.command({"episodes", "import", "-", "--data", data}),
                 hololoom.environment()};
  REQUIRE(holder.write("no episode\n"));
  CHECK(parsed(holder.read_line())["durable"] == false);
  holder.send_signal(SIGKILL);
  holder.wait();
  CHECK(total_cycles(hololoom) == 3);
}

TEST_CASE("writes to a full disk are refused until there is room") {
  program hololoom;
  small_disk disk{hololoom.home() / "disk"};
  if (!disk.mounted()) {
    WARN("a file system cannot be mounted here: not tested");
    return;
  }
  auto data = hololoom.home() / "disk/data";
  std::vector<std::string> words{"episodes", "import", "-", "--data", data};
  REQUIRE(hololoom.run(words, episode_line(0)).code == 0);
  auto woven =
    parsed(hololoom.run({"weave", "--data", data, "--json", "6 * 7"}).out);
  auto id = woven["id"].get<std::string>();
  process import{hololoom.command(words), hololoom.environment()};
  REQUIRE(import.write(episode_line(1)));
  CHECK(parsed(import.read_line())["durable"] == true);
  disk.fill();
  auto refused = 0;
  for (int i = 100; i < 200 && refused == 0; ++i) {
    REQUIRE(import.write(episode_line(i)));
    auto answer = parsed(import.read_line());
    if (answer["durable"] == false) {
      ++refused;
      CHECK(contains(answer["error"].get<std::string>(), "space"));
    }
  }
  CHECK(refused == 1);
  disk.make_room();
  // The buffer looks after the disk by itself, so it may need a moment.
  CHECK(eventually([&] {
    import.write(episode_line(300));
    return parsed(import.read_line())["durable"] == true;
  }));
  import.close_input();
  import.wait();
  disk.fill();
  auto full = hololoom.run({"reflect", "--data", data, id, "--helpful"});
  CHECK(full.code == 74);
  CHECK(contains(full.err, "space"));
  disk.make_room();
  CHECK(hololoom.run({"reflect", "--data", data, id, "--helpful"}).code == 0);
}

TEST_CASE("a directory in use is refused with 73 and the owner's pid") {
  program hololoom;
  process owner{
    hololoom.command({"episodes", "import", "-", "--data", hololoom.data()}),
    hololoom.environment()};
  REQUIRE(owner.write(episode_line(0)));
  owner.read_line();
  for (const auto& words :
       {std::vector<std::string>{"metrics", "--data", hololoom.data()},
        {"weave", "--data", hololoom.data(), "1 + 1"},
        {"remember", "--data", hololoom.data(), "/usr/share/common-licenses"},
        {"verify", "--data", hololoom.data()},
        {"repair", "--data", hololoom.data()}}) {
    INFO(words.front());
    auto refused = hololoom.run(words);
    CHECK(refused.code == 73);
    CHECK(contains(refused.err, std::to_string(owner.pid())));
    CHECK(refused.out.empty());
  }
  owner.close_input();
  CHECK(owner.wait().code == 0);
  CHECK(total_cycles(hololoom) == 1);
}

TEST_CASE("an impossible data directory is refused with 73") {
  program hololoom;
  auto file = hololoom.home().write("file", "x");
  for (const auto& data : {file, file + "/below"}) {
    auto result = hololoom.run({"metrics", "--data", data});
    CHECK(result.code == 73);
    CHECK(contains(result.err, data));
  }
}

TEST_CASE("an existing read-only data directory ends with 74") {
  program hololoom;
  if (!permissions_count(hololoom)) {
    WARN("permissions cannot be made to count here: not tested");
    return;
  }
  auto data = hololoom.data();
  REQUIRE(hololoom.run({"weave", "--data", data, "1 + 1"}).code == 0);
  auto files = [&](fs::perms what) {
    for (const auto& entry : fs::directory_iterator{data})
      fs::permissions(entry, what);
  };
  files(fs::perms::owner_read);
  fs::permissions(data, fs::perms::owner_read | fs::perms::owner_exec);
  for (const auto& words :
       {std::vector<std::string>{"metrics", "--data", data},
        {"weave", "--data", data, "1 + 1"},
        {"remember", "--data", data, "/usr/share/common-licenses"},
        {"verify", "--data", data},
        {"repair", "--data", data}}) {
    INFO(words.front());
    auto refused = run_process(bound_by_permissions(hololoom.command(words)),
                               hololoom.environment());
    CHECK(refused.code == 74);
    CHECK(contains(refused.err, "Permission denied"));
    CHECK(contains(refused.err, data));
  }
  // One that cannot be created is no matter of a disk.
  auto below = run_process(bound_by_permissions(hololoom.command(
                             {"metrics", "--data", data + "/new"})),
                           hololoom.environment());
  CHECK(below.code == 73);
  fs::permissions(data, fs::perms::owner_all);
  files(fs::perms::owner_read | fs::perms::owner_write);
  CHECK(hololoom.run({"metrics", "--data", data}).code == 0);
}

TEST_CASE("repair of a sound journal changes nothing and says so") {
  program hololoom;
  hololoom.run({"episodes", "import", "-", "--data", hololoom.data()},
               episode_line(1));
  auto result = hololoom.run({"repair", "--data", hololoom.data(), "--json"});
  INFO(result.err);
  CHECK(result.code == 0);
  auto report = parsed(result.out);
  CHECK(report["damaged"] == false);
  CHECK(report["episodes"] == 1);
  CHECK(total_cycles(hololoom) == 1);
}

TEST_CASE("verify of a sound journal says so") {
  program hololoom;
  hololoom.run({"episodes", "import", "-", "--data", hololoom.data()},
               episode_line(1));
  auto result = hololoom.run({"verify", "--data", hololoom.data(), "--json"});
  INFO(result.err);
  CHECK(result.code == 0);
  CHECK(parsed(result.out)
        == json{{"sound", true},
                {"damage", ""},
                {"episodes", 1},
                {"last_episode", 1},
                {"spacetimes", 0},
                {"relearned", false}});
  result = hololoom.run({"verify", "--data", hololoom.data()});
  CHECK(result.code == 0);
  CHECK(contains(result.out, "sound"));
  CHECK(result.err.empty());
}

TEST_CASE("verify and repair without a journal end with 65") {
  program hololoom;
  for (const auto* command : {"verify", "repair"}) {
    auto result = hololoom.run({command, "--data", hololoom.home() / "none"});
    CHECK(result.code == 65);
    CHECK_FALSE(fs::exists(hololoom.home() / "none"));
  }
}

// -- signals -----------------------------------------------------------------

TEST_CASE("SIGINT while waiting for input ends in order with 130") {
  program hololoom;
  process import{
    hololoom.command({"episodes", "import", "-", "--data", hololoom.data()}),
    hololoom.environment()};
  REQUIRE(import.write(episode_line(0)));
  import.read_line();
  import.send_signal(SIGINT);
  auto result = import.wait();
  CHECK(result.code == 130);
  auto report = parsed(read_file(hololoom.data() + "/last_shutdown.json"));
  CHECK(report["reason"] == "SIGINT");
  CHECK(report["requested_by"] == "signal");
  CHECK(report["exit_code"] == 0);
  CHECK(total_cycles(hololoom) == 1);
}

TEST_CASE("SIGTERM during a long remember leaves a good state") {
  program hololoom;
  std::string text;
  while (text.size() < 20'000)
    text += "Sentence " + std::to_string(text.size()) + " of a long text. "
          + licence_text;
  for (int i = 0; i < 1500; ++i)
    hololoom.home().write("many/" + std::to_string(i) + ".txt",
                          std::to_string(i) + " " + text);
  auto folder = hololoom.home() / "many";
  process reading{
    hololoom.command({"remember", "--data", hololoom.data(), "--json", folder}),
    hololoom.environment()};
  auto shards = hololoom.data() + "/shards.db-wal";
  REQUIRE(eventually([&] {
    std::error_code ec;
    // More than the opening writes.
    return fs::exists(shards, ec) && fs::file_size(shards, ec) > 1'000'000;
  }));
  reading.send_signal(SIGTERM);
  auto result = reading.wait();
  CHECK(result.code == 143);
  auto report = parsed(read_file(hololoom.data() + "/last_shutdown.json"));
  CHECK(report["reason"] == "SIGTERM");
  CHECK(report["exit_code"] == 0);
  auto again =
    hololoom.run({"remember", "--data", hololoom.data(), "--json", folder});
  CHECK(again.code == 0);
  auto total = parsed(again.out)["total"].get<std::int64_t>();
  auto third = parsed(
    hololoom.run({"remember", "--data", hololoom.data(), "--json", folder})
      .out);
  CHECK(third["total"] == total);
  CHECK(third["added"] == 0);
}
