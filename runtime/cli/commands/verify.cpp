#include <hololoom/actors/reflection/repair/verify_journal.hpp>
#include <hololoom/runtime/cli/commands/commands.hpp>
#include <hololoom/runtime/cli/session.hpp>
#include <hololoom/runtime/cli/terminal/render.hpp>
#include <hololoom/runtime/signals.hpp>

#include <chrono>
#include <future>
#include <unistd.h>
#include <utility>

namespace hololoom::cli {

namespace {

/// Verifies on a thread of its own, for which the caller's shows the progress:
/// SQLite does not return from its check of the structure to tell how far it
/// is.
caf::expected<verify_report> verify_visibly(const std::string& directory,
                                            console& out) {
  constexpr auto refresh = std::chrono::milliseconds{200};
  verify_watch watch;
  auto result = std::async(std::launch::async,
                           [&] { return verify_journal(directory, &watch); });
  while (result.wait_for(refresh) != std::future_status::ready) {
    start_progress progress{"verifying the journal",
                            static_cast<std::int64_t>(watch.activity->reads),
                            watch.reads_expected};
    out.status(render(progress, bar_line_width));
  }
  out.status({});
  return result.get();
}

// Opens no loom, which would keep the journal. A signal may end it anywhere: it
// changes nothing.
int run_verify(const loom_options& options, context ctx) {
  auto cfg = config_for(options);
  if (!cfg)
    return ctx.out.fail(cfg.error());
  ctx.signals.start([](int signal, int) { ::_exit(128 + signal); });
  auto report = verify_visibly(cfg->data_dir, ctx.out);
  if (!report && !is(report.error(), errc::corrupt))
    return ctx.out.fail(report.error());
  auto found =
    report ? std::move(*report) : verify_report{false, explain(report.error())};
  ctx.out.result(options.json ? json_line(found) : render(found));
  return static_cast<int>(found.sound ? exit_code::ok : exit_code::bad_data);
}

} // namespace

void add_verify(CLI::App& app, job& chosen) {
  auto [command, options] = add_command(
    app, chosen, "verify",
    "Read the whole journal, and tell whether it is sound", &run_verify);
  add_loom_options(*command, *options);
  command->footer(example("hololoom verify --data ~/.local/share/hololoom"));
}

} // namespace hololoom::cli
