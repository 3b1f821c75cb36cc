#pragma once

#include <hololoom/actors/memory/reading/source_reader.hpp>
#include <hololoom/actors/reflection/repair/repair.hpp>
#include <hololoom/actors/reflection/repair/verify_journal.hpp>
#include <hololoom/messages/json/write.hpp>
#include <hololoom/messages/lifecycle.hpp>
#include <hololoom/messages/reflection.hpp>
#include <hololoom/messages/yarn.hpp>
#include <hololoom/runtime/backup.hpp>
#include <hololoom/runtime/cli/terminal/console.hpp>

#include <string>

/// Messages as text for people. Pure functions; text from files is made safe
/// for a terminal.

namespace hololoom::cli {

/// The result of reading files into memory.
struct loading_report {
  reading_report read;
  /// Summed over all requests; `total` is the last one's.
  remember_ack remembered;
};

/// The answer, its sources, and a dim line with tool, confidence, time and id.
std::string render(const spacetime& woven, const style& look);

/// The id and the reward of a stored episode.
std::string render(const reflect_ack& ack);

/// An episode as one line.
std::string render(const episode& x, const style& look);

std::string render(const reflection_metrics& metrics, const style& look);

/// How many files were read, and how many shards they changed.
std::string render(const loading_report& report, double ms);

/// The skipped files: each one in `named`, and the first few found in folders,
/// grouped by reason. Empty if none was skipped.
std::string render_skipped(const reading_report& report,
                           const std::vector<std::string>& named);

std::string render(const verify_report& report);
std::string render(const repair_report& report);
std::string render(const backup_report& report);
std::string render(const restore_report& report);

/// How wide a progress bar's line is.
constexpr std::size_t bar_line_width = 79;

/// The progress bar, in one line of `width` columns.
std::string render(const reading_progress& progress, std::size_t width);

/// The same of a start.
std::string render(const start_progress& progress, std::size_t width);

/// For machines: a line of JSON.
template <class T>
std::string json_line(const T& x) {
  return json_text(x) + "\n";
}
std::string json_line(const loading_report& report, double ms);

} // namespace hololoom::cli
