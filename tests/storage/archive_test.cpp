#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/scratch.hpp"

#include <hololoom/actors/storage/archive.hpp>

#include <algorithm>
#include <cstdlib>
#include <string>

using namespace hololoom;
using namespace hololoom::test;

namespace {

namespace fs = std::filesystem;

struct packing : scratch {
  packing() {
    fs::create_directory(path / "to");
    write_text(path / "a", std::string(300'000, 'a') + "end");
    write_text(path / "b", "");
  }

  caf::error pack() {
    auto out = archive_writer::create(archive);
    if (!out)
      return std::move(out.error());
    for (const auto* name : {"a", "b"}) {
      auto member = (*out)->add(name, path / name);
      if (!member)
        return std::move(member.error());
      packed.push_back(*member);
    }
    if (auto err = (*out)->add_text("text", "words"))
      return err;
    return (*out)->finish();
  }

  caf::expected<unpacked> unpack_it() {
    return unpack(archive, path / "to", "text");
  }

  /// How many archives are being written.
  std::ptrdiff_t parts() const {
    return std::count_if(fs::directory_iterator{path}, fs::directory_iterator{},
                         [](const auto& x) {
                           return x.path().filename().string().starts_with(
                             "archive.part");
                         });
  }

  /// Makes the archive with tar.
  void tar(const std::string& script) {
    auto command = "cd '" + path.string() + "' && " + script;
    REQUIRE(std::system(command.c_str()) == 0);
  }

  fs::path archive = path / "archive";
  std::vector<archive_member> packed;
};

} // namespace

TEST_CASE_METHOD(packing, "what was packed is unpacked") {
  REQUIRE(!pack());
  CHECK(parts() == 0);
  auto got = unpack_it();
  REQUIRE(got);
  CHECK(got->files == packed);
  CHECK(got->text == "words");
  CHECK(text_of(path / "to" / "a") == text_of(path / "a"));
  CHECK(text_of(path / "to" / "b").empty());
  CHECK(!fs::exists(path / "to" / "text"));
}

TEST_CASE_METHOD(packing, "an archive replaces nothing") {
  write_text(archive, "mine");
  CHECK(is(pack(), errc::io_error));
  CHECK(text_of(archive) == "mine");
}

TEST_CASE_METHOD(packing, "an archive that is not finished leaves no file") {
  {
    auto out = archive_writer::create(archive);
    REQUIRE(out);
    REQUIRE((*out)->add("a", path / "a"));
    CHECK(parts() == 1);
  }
  CHECK(!fs::exists(archive));
  CHECK(parts() == 0);
}

TEST_CASE_METHOD(packing, "work on an archive is called off") {
  std::stop_source stop;
  stop.request_stop();
  {
    auto out = archive_writer::create(archive);
    REQUIRE(out);
    auto member = (*out)->add("a", path / "a", {{}, stop.get_token()});
    CHECK(is(member.error(), errc::cancelled));
  }
  REQUIRE(!pack());
  auto got = unpack(archive, path / "to", "text", {{}, stop.get_token()});
  CHECK(is(got.error(), errc::cancelled));
}

TEST_CASE_METHOD(packing, "nothing is unpacked outside of the directory") {
  SECTION("through a path") {
    tar("tar -P -cf archive --transform 's,^a$,../escaped,' a");
  }
  SECTION("in a folder") {
    tar("mkdir d && cp a d && tar -cf archive d/a");
  }
  SECTION("through a link") {
    tar("ln -s /etc/passwd link && tar -cf archive link");
  }
  SECTION("through a hard link") {
    tar("ln a hard && tar -cf archive a hard");
  }
  SECTION("through a device") {
    tar("mkfifo pipe && tar -cf archive pipe");
  }
  CHECK(is(unpack_it().error(), errc::corrupt));
  CHECK(!fs::exists(path / "escaped"));
}

TEST_CASE_METHOD(packing, "what is no archive is refused") {
  CHECK(is(unpack_it().error(), errc::not_found));
  write_text(archive, std::string(1000, 'x'));
  CHECK(is(unpack_it().error(), errc::corrupt));
  fs::remove(archive);
  REQUIRE(!pack());
  fs::resize_file(archive, fs::file_size(archive) / 2);
  CHECK(is(unpack_it().error(), errc::corrupt));
}
