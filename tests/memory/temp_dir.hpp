#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hololoom::test {

/// A temporary folder; the destructor removes it.
class temp_dir {
public:
  temp_dir() {
    auto name =
      (std::filesystem::temp_directory_path() / "hololoom-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
      throw std::runtime_error("no temporary folder");
    path_ = name;
  }

  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;

  ~temp_dir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  /// The path of `name` in it.
  std::string operator/(std::string_view name) const {
    return (path_ / name).string();
  }

  std::string path() const { return path_.string(); }

  /// Writes a file, and creates the folders above it.
  std::string write(std::string_view name, std::string_view bytes) const {
    auto file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream{file, std::ios::binary} << bytes;
    return file.string();
  }

private:
  std::filesystem::path path_;
};

/// The bytes of a file.
inline std::string bytes_of(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace hololoom::test
