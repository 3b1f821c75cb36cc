#pragma once

#include "reflection/make.hpp"

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <sys/mount.h>

namespace hololoom::test {

/// A file system of a few MiB.
class small_disk {
public:
  small_disk() {
    mounted_ =
      ::mount("tmpfs", dir_.path().c_str(), "tmpfs", 0, "size=6m") == 0;
  }
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;
  ~small_disk() {
    if (mounted_)
      ::umount(dir_.path().c_str());
  }

  bool mounted() const { return mounted_; }
  const scratch_directory& dir() const { return dir_; }

  /// Fills the disk, except `room` bytes.
  void leave(std::size_t room) {
    auto filler = dir_.path() / "filler";
    std::filesystem::remove(filler);
    auto space = std::filesystem::space(dir_.path()).available;
    std::ofstream out{filler, std::ios::binary};
    std::string block(4096, 'x');
    for (auto n = space > room ? (space - room) / 4096 : 0; n > 0; --n)
      out.write(block.data(), 4096);
  }

  /// Its files, except the filler and empty ones.
  std::map<std::string, std::string> contents() const {
    std::map<std::string, std::string> result;
    for (const auto& entry : std::filesystem::directory_iterator{dir_.path()}) {
      std::ifstream in{entry.path(), std::ios::binary};
      std::string text{std::istreambuf_iterator<char>{in}, {}};
      auto name = entry.path().filename().string();
      if (name != "filler" && !text.empty())
        result[name] = std::move(text);
    }
    return result;
  }

private:
  scratch_directory dir_{true};
  bool mounted_ = false;
};

} // namespace hololoom::test
