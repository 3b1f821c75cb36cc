#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <hololoom/runtime/data_dir.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <pwd.h>
#include <string>
#include <unistd.h>

using namespace hololoom;

using hololoom::test::scratch;

TEST_CASE_METHOD(scratch, "a data directory is created with its parents") {
  auto dir = data_dir::open(path / "a" / "b");
  REQUIRE(dir);
  CHECK(std::filesystem::is_directory(path / "a" / "b"));
  CHECK(dir->journal() == path / "a" / "b" / "journal.db");
}

TEST_CASE_METHOD(scratch,
                 "a second owner is refused with the first one's pid") {
  auto first = data_dir::open(path);
  REQUIRE(first);
  auto second = data_dir::open(path);
  REQUIRE(!second);
  CHECK(is(second.error(), errc::data_dir_locked));
  CHECK(explain(second.error()).find("process " + std::to_string(::getpid()))
        != std::string::npos);
}

TEST_CASE_METHOD(scratch, "the lock is released with its owner") {
  { REQUIRE(data_dir::open(path)); }
  auto moved = [&] {
    auto dir = data_dir::open(path);
    return std::move(*dir);
  }();
  CHECK(!data_dir::open(path));
  moved = std::move(*data_dir::open(path / "other"));
  CHECK(data_dir::open(path));
}

TEST_CASE_METHOD(scratch,
                 "a path that is not a directory is refused with the reason") {
  std::ofstream{path / "file"} << "x";
  for (const auto& bad : {path / "file", path / "file" / "below"}) {
    auto dir = data_dir::open(bad);
    REQUIRE(!dir);
    CHECK(is(dir.error(), errc::data_dir_unusable));
    auto said = explain(dir.error());
    CHECK(said.find(bad.string()) != std::string::npos);
    // A program that uses the library has other options than ours, or none.
    CHECK(said.find("--") == std::string::npos);
  }
}

TEST_CASE("the default data directory follows XDG, and then the home") {
  ::setenv("XDG_DATA_HOME", "/somewhere", 1);
  CHECK(*default_data_dir() == "/somewhere/hololoom");
  ::unsetenv("XDG_DATA_HOME");
  ::setenv("HOME", "/home/someone", 1);
  CHECK(*default_data_dir() == "/home/someone/.local/share/hololoom");
  // Paths that depend on the current directory do not count.
  std::filesystem::path home = ::getpwuid(::geteuid())->pw_dir;
  for (const auto* relative : {"", "someone"}) {
    ::setenv("XDG_DATA_HOME", relative, 1);
    ::setenv("HOME", relative, 1);
    CHECK(*default_data_dir() == home / ".local/share/hololoom");
  }
}

TEST_CASE_METHOD(scratch, "an earlier run's report is set aside") {
  { REQUIRE(data_dir::open(path)); }
  std::ofstream{path / "last_shutdown.json"} << "earlier";
  auto dir = data_dir::open(path);
  REQUIRE(dir);
  CHECK_FALSE(std::filesystem::exists(dir->last_shutdown()));
  std::string text;
  std::ifstream{dir->previous_shutdown()} >> text;
  CHECK(text == "earlier");
}
