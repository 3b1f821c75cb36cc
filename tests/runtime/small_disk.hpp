#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <sys/mount.h>
#include <utility>

namespace hololoom::test {

/// A file system of 8 MiB, where mounting is allowed.
class small_disk {
public:
  explicit small_disk(std::string path) : path_(std::move(path)) {
    std::filesystem::create_directories(path_);
    mounted_ = ::mount("none", path_.c_str(), "tmpfs", 0, "size=8m") == 0;
  }
  ~small_disk() {
    if (mounted_)
      ::umount2(path_.c_str(), MNT_DETACH);
  }
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;

  bool mounted() const { return mounted_; }

  void fill() const {
    std::ofstream out{path_ + "/ballast", std::ios::app};
    std::string block(4096, 'x');
    while (out << block << std::flush)
      ;
  }

  void make_room() const { std::filesystem::remove(path_ + "/ballast"); }

private:
  std::string path_;
  bool mounted_ = false;
};

} // namespace hololoom::test
