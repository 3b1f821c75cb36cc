#pragma once

#include <hololoom/actors/reflection/journal/journal.hpp>
#include <hololoom/messages/episode.hpp>
#include <hololoom/messages/json/value.hpp>
#include <hololoom/messages/uuid.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace hololoom::test {

/// A test's own directory, removed at the end. It is in memory if the machine
/// has a file system there, unless it must be on disk.
class scratch_directory {
public:
  explicit scratch_directory(bool on_disk = false)
    : path_((!on_disk && std::filesystem::is_directory("/dev/shm")
               ? std::filesystem::path{"/dev/shm"}
               : std::filesystem::temp_directory_path())
            / ("hololoom-" + make_uuid())) {
    std::filesystem::create_directories(path_);
  }
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;
  ~scratch_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path journal() const { return path_ / "journal.db"; }

private:
  std::filesystem::path path_;
};

inline std::string slurp(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

inline void spill(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream{file, std::ios::binary} << bytes;
}

/// A weave's outcome, as the shuttle would make it.
inline spacetime woven(const std::string& query, const std::string& tool,
                       double confidence, double duration_ms = 100,
                       const std::string& pattern = "Fast Threading") {
  spacetime x;
  x.id = make_uuid();
  x.query_text = query;
  x.response = "An answer to \"" + query + "\".";
  x.tool_used = tool;
  x.confidence = confidence;
  x.trace.duration = millis{duration_ms};
  x.trace.start_time = now();
  x.trace.end_time = x.trace.start_time;
  x.trace.tool_selected = tool;
  x.metadata.set("pattern_card", pattern);
  x.created_at = x.trace.end_time;
  return x;
}

/// An episode with a given reward.
inline episode rewarded(const std::string& tool, double reward,
                        const std::string& pattern = "Fast Threading") {
  episode x;
  x.id = make_uuid();
  x.woven = woven("What is a warp?", tool, 0.5, 100, pattern);
  x.reward = reward;
  x.formula = reward_formula::given;
  x.success = reward >= 0.6;
  x.at = now();
  return x;
}

} // namespace hololoom::test
