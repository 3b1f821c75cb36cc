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

} // namespace

caf::error write_summary(const std::filesystem::path& directory,
                         const reflection_metrics& metrics,
                         const disk* through) {
  auto value = to_json_value(metrics);
  value["schema_version"] = summary_schema;
  return write_atomically(directory / file_name, to_pretty_text(value) + "\n",
                          through);
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
