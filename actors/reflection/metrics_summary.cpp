#include <hololoom/actors/reflection/metrics_summary.hpp>
#include <hololoom/actors/storage/atomic_file.hpp>
#include <hololoom/messages/json/read.hpp>

#include <fstream>
#include <iterator>
#include <string>

namespace hololoom {

namespace {

constexpr auto file_name = "metrics_summary.json";
constexpr auto summary_schema = 1;

/// Empty if it cannot be read.
std::string read_file(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace

caf::error write_summary(const std::filesystem::path& directory,
                         const reflection_metrics& metrics,
                         const disk* through) {
  auto value = to_json_value(metrics);
  value["schema_version"] = summary_schema;
  auto text = to_pretty_text(value) + "\n";
  // Who only reads must be able to close, even if the disk is full.
  if (read_file(directory / file_name) == text)
    return {};
  return write_atomically(directory / file_name, text, through);
}

caf::expected<reflection_metrics>
read_summary(const std::filesystem::path& directory) {
  std::ifstream in{directory / file_name, std::ios::binary};
  if (!in)
    return failure(errc::not_found,
                   "there is no " + (directory / file_name).string());
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  return from_json_text<reflection_metrics>(text);
}

} // namespace hololoom
