#include <hololoom/messages/json/value.hpp>
#include <hololoom/runtime/cli/terminal/render.hpp>
#include <hololoom/runtime/cli/terminal/text_layout.hpp>

#include <algorithm>
#include <map>

namespace hololoom::cli {

namespace {

constexpr std::size_t skipped_shown = 5;

std::string paint(const style& look, std::string_view code,
                  std::string_view text) {
  if (!look.colour)
    return std::string{text};
  return "\033[" + std::string{code} + "m" + std::string{text} + "\033[0m";
}

std::string dim(const style& look, std::string_view text) {
  return paint(look, "2", text);
}

std::string bold(const style& look, std::string_view text) {
  return paint(look, "1", text);
}

std::string percent(double share) {
  return fixed(100 * share, 0) + " %";
}

template <class T>
T at_or(const std::map<std::string, T>& map, const std::string& key) {
  auto i = map.find(key);
  return i == map.end() ? T{} : i->second;
}

std::string reason_group(errc code) {
  switch (code) {
    case errc::invalid_shard: return "no text";
    case errc::not_supported: return "too large, or no regular file";
    case errc::not_found: return "not there";
    case errc::read_only: return "no permission";
    case errc::corrupt: return "damaged";
    default: return "cannot be read";
  }
}

/// "[######..................] 25 %  ", for a share from 0 to 1.
std::string bar(double share) {
  constexpr std::size_t width = 24;
  auto full = static_cast<std::size_t>(share * width);
  return "[" + std::string(full, '#') + std::string(width - full, '.') + "] "
       + percent(share) + "  ";
}

} // namespace

std::string render(const spacetime& woven, const style& look) {
  auto text = wrapped(printable(woven.response), look.width);
  if (text.empty() || text.back() != '\n')
    text += '\n';
  if (!woven.sources_used.empty()) {
    text += "\n" + bold(look, "Sources") + "\n";
    for (const auto& source : woven.sources_used)
      text += "  " + printable(source) + "\n";
  }
  for (const auto& err : woven.trace.errors)
    text += "\n" + paint(look, "31", "In " + err.stage) + ": "
          + printable(err.error) + "\n";
  auto details = woven.tool_used + " · confidence " + fixed(woven.confidence, 2)
               + " · " + human_ms(woven.trace.duration.count());
  if (auto status = woven.metadata.text("status");
      !status.empty() && status != "ok" && status != "success")
    details += " · " + status;
  details += " · id " + woven.id;
  return text + "\n" + dim(look, printable(details)) + "\n";
}

std::string render(const reflect_ack& ack) {
  auto text = std::string{ack.duplicate ? "already stored" : "stored"}
            + " as episode " + ack.episode_id + ": reward "
            + fixed(ack.reward, 2) + ", "
            + (ack.success ? "a success" : "no success") + "\n";
  if (!ack.durable)
    text += "in memory only: it is gone when this ends\n";
  return text;
}

std::string render(const episode& x, const style& look) {
  auto head = to_iso8601(x.at).substr(0, 19) + "Z  " + fixed(x.reward, 2) + " "
            + (x.success ? "+" : "-") + "  " + printable(x.woven.tool_used)
            + "  ";
  constexpr std::size_t least = 20;
  auto width =
    look.width == 0 ? 0 : look.width - std::min(look.width, columns(head));
  auto query = printable(x.woven.query_text);
  return head
       + clipped(query, width == 0 ? query.size() : std::max(width, least))
       + "\n";
}

std::string render(const reflection_metrics& metrics, const style& look) {
  auto text = counted(metrics.total_cycles, "episode") + ", "
            + grouped(metrics.successful_cycles) + " successful ("
            + percent(metrics.success_rate()) + ")\n";
  if (metrics.total_cycles == 0)
    return text;
  std::vector<std::vector<std::string>> tools{
    {"tool", "uses", "success", "confidence"}};
  for (const auto& [name, uses] : metrics.tool_usage_counts)
    tools.push_back({printable(name), grouped(uses),
                     percent(at_or(metrics.tool_success_rates, name)),
                     fixed(at_or(metrics.tool_avg_confidence, name), 2)});
  std::vector<std::vector<std::string>> cards{
    {"pattern card", "uses", "success", "duration"}};
  for (const auto& [name, uses] : metrics.pattern_usage_counts)
    cards.push_back({printable(name), grouped(uses),
                     percent(at_or(metrics.pattern_success_rates, name)),
                     human_ms(at_or(metrics.pattern_avg_duration, name))});
  return text + "\n" + table(tools) + "\n" + table(cards) + "\n"
       + dim(look, "last updated " + to_iso8601(metrics.last_updated)) + "\n";
}

std::string render(const loading_report& report, double ms) {
  const auto& kept = report.remembered;
  auto text = "read "
            + counted(static_cast<std::int64_t>(report.read.files), "file")
            + " (" + human_bytes(report.read.text_bytes) + " of text) in "
            + human_ms(ms) + "\n";
  text += counted(kept.added, "shard") + " added, " + grouped(kept.unchanged)
        + " unchanged";
  if (kept.replaced > 0)
    text += ", " + grouped(kept.replaced) + " replaced";
  if (kept.removed > 0)
    text += ", " + grouped(kept.removed) + " removed";
  return text + "; " + grouped(kept.total) + " in memory\n";
}

std::string render_skipped(const reading_report& report,
                           const std::vector<std::string>& named) {
  std::string text;
  std::map<std::string, std::vector<const skipped_source*>> groups;
  for (const auto& one : report.skipped) {
    if (std::find(named.begin(), named.end(), one.path) != named.end())
      text +=
        "skipped " + printable(one.path) + ": " + printable(one.reason) + "\n";
    else
      groups[reason_group(one.code)].push_back(&one);
  }
  for (const auto& [reason, skipped] : groups) {
    text += "skipped "
          + counted(static_cast<std::int64_t>(skipped.size()), "file") + ": "
          + reason + "\n";
    for (std::size_t i = 0; i < std::min(skipped.size(), skipped_shown); ++i)
      text += "  " + printable(skipped[i]->path) + ": "
            + printable(skipped[i]->reason) + "\n";
    if (skipped.size() > skipped_shown)
      text += "  and "
            + grouped(static_cast<std::int64_t>(skipped.size() - skipped_shown))
            + " more; --json lists them all\n";
  }
  return text;
}

std::string render(const verify_report& report) {
  if (!report.sound)
    return "the journal is damaged\n- " + printable(report.damage) + "\n";
  auto text = "the journal is sound\n" + counted(report.episodes, "episode")
            + " and " + counted(report.spacetimes, "spacetime") + "\n";
  if (report.relearned)
    text += "what was learned was made anew from the episodes\n";
  return text;
}

std::string render(const repair_report& report) {
  std::string text =
    report.damaged ? "the journal was damaged\n" : "the journal is sound\n";
  text += counted(report.episodes, "episode") + " and "
        + counted(report.spacetimes, "spacetime")
        + (report.damaged ? " recovered" : "");
  if (report.lost > 0)
    text += ", " + counted(report.lost, "episode") + " lost";
  text += "\n";
  if (report.relearned)
    text += "what was learned was made anew from the episodes\n";
  if (!report.set_aside.empty())
    text += "the damaged journal is kept as " + report.set_aside + "\n";
  for (const auto& problem : report.problems)
    text += "- " + printable(problem) + "\n";
  return text;
}

std::string render(const backup_report& report) {
  return report.file + ": "
       + human_bytes(static_cast<std::uint64_t>(report.bytes))
       + ", episodes up to " + grouped(report.last_episode) + ", "
       + counted(report.shards, "shard") + ", verified\n";
}

std::string render(const restore_report& report) {
  return report.directory + ": as of " + to_iso8601(report.backup_at)
       + ", episodes up to " + grouped(report.last_episode) + ", "
       + counted(report.shards, "shard") + ", verified\n";
}

std::string render(const reading_progress& progress, std::size_t width) {
  auto share = progress.bytes_total == 0
               ? 1.0
               : static_cast<double>(progress.bytes)
                   / static_cast<double>(progress.bytes_total);
  auto text =
    bar(share) + grouped(static_cast<std::int64_t>(progress.files)) + " of "
    + counted(static_cast<std::int64_t>(progress.files_total), "file") + ", "
    + human_bytes(progress.bytes) + " of " + human_bytes(progress.bytes_total);
  return width == 0 ? text : clipped(text, width);
}

std::string render(const start_progress& progress, std::size_t width) {
  auto share = static_cast<double>(progress.percent()) / 100;
  auto text = (progress.total > 0 ? bar(share) : "") + progress.what;
  return width == 0 ? text : clipped(text, width);
}

std::string json_line(const loading_report& report, double ms) {
  json skipped = json::array();
  for (const auto& one : report.read.skipped)
    skipped.push_back({{"path", one.path},
                       {"type", to_string(one.code)},
                       {"reason", one.reason}});
  const auto& kept = report.remembered;
  json line{{"files", report.read.files},
            {"shards", report.read.shards},
            {"text_bytes", report.read.text_bytes},
            {"added", kept.added},
            {"replaced", kept.replaced},
            {"unchanged", kept.unchanged},
            {"removed", kept.removed},
            {"total", kept.total},
            {"skipped", std::move(skipped)},
            {"ms", ms}};
  return to_text(line) + "\n";
}

} // namespace hololoom::cli
