#pragma once

#include <filesystem>
#include <string>
#include <unistd.h>

namespace hololoom::test {

/// A folder that is removed with the object.
struct scratch {
  scratch() {
    auto name =
      (std::filesystem::temp_directory_path() / "loom-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~scratch() { std::filesystem::remove_all(path); }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;

  std::filesystem::path path;
};

} // namespace hololoom::test
