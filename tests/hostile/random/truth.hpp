#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What guests write down about themselves, into one file that all of them
/// append to. The test reads it, and believes it rather than the report.

namespace hololoom::hostile {

using moment = std::chrono::steady_clock::time_point;

/// Opens the file, and has child processes find it in their environment.
void keep_truth_in(const std::string& file);
/// In a child process.
void keep_truth_as_parent_does();

/// The name of an incarnation, as supervisors call one that was replaced.
std::string incarnation_of(const std::string& path, std::int64_t incarnation);

/// Writes a line "WHAT NAME UID NANOSECONDS", at once and as a whole.
void write_truth(char what, std::string_view name, std::uint64_t uid = 0);

/// How a guest says that it ended.
enum class last_word : char {
  cut = 'x',   ///< It was ended without being asked.
  own = 'e',   ///< By itself, or because it was asked.
  crash = 'c', ///< By an exception, or an exit code.
  none = '-',  ///< It has not ended, or it could not say so.
};

/// Writes that an incarnation of a child begins, and that it has really ended.
class life {
public:
  /// `incarnation` 0: one that is never restarted.
  explicit life(std::string path, std::int64_t incarnation = 0);
  ~life();
  life(const life&) = delete;
  life& operator=(const life&) = delete;

  /// It is about to end this way.
  void ends(last_word x) noexcept { word_ = x; }

private:
  std::string path_;
  std::uint64_t uid_;
  last_word word_ = last_word::cut;
};

/// A life as it was written down.
struct recorded_life {
  std::string path;
  std::string incarnation; ///< Its path as one that was replaced.
  std::uint64_t uid = 0;
  bool is_process = false;
  moment begin;
  moment end = moment::max();
  last_word word = last_word::none;
};

struct record {
  std::vector<recorded_life> lives;
  moment asked;    ///< When the first call or signal asked for the closing.
  moment signaled; ///< The phase "signal" began.
  moment closed;   ///< The report was there.
};

record read_truth(const std::string& file);

} // namespace hololoom::hostile
