#pragma once

#include <hololoom/actors/memory/reading/source_reader.hpp>
#include <hololoom/actors/reflection/repair/repair.hpp>
#include <hololoom/messages/reflection.hpp>
#include <hololoom/messages/yarn.hpp>
#include <hololoom/runtime/cli/terminal/console.hpp>

#include <string>

/// Messages as text for people. Pure functions; whatever came from a file is
/// made safe for a terminal.

namespace hololoom::cli {

/// The result of reading files into memory.
struct loading_report {
  reading_report read;
  /// Summed over all requests; `total` is the last one's.
  remember_ack remembered;
};

/// The answer, its sources, and a dim line with tool, confidence, time and id.
std::string render(const spacetime& woven, const style& look);

/// That an episode was stored, and what it was worth.
std::string render(const reflect_ack& ack);

/// An episode in a line.
std::string render(const episode& x, const style& look);

std::string render(const reflection_metrics& metrics, const style& look);

/// What reading into memory did.
std::string render(const loading_report& report, double ms);

/// What was skipped: everything that was named by itself, and by reason the
/// first few of what was found in folders. Empty when nothing was.
std::string render_skipped(const reading_report& report,
                           const std::vector<std::string>& named);

std::string render(const repair_report& report);

/// How far it is, in one line of `width` columns.
std::string render(const reading_progress& progress, std::size_t width);

/// For machines.
std::string to_json(const loading_report& report, double ms);

} // namespace hololoom::cli
