#include <hololoom/actors/reflection/transfer/episode_files.hpp>
#include <hololoom/messages/json/value.hpp>
#include <hololoom/runtime/cli/commands/commands.hpp>
#include <hololoom/runtime/cli/session.hpp>
#include <hololoom/runtime/cli/terminal/render.hpp>
#include <hololoom/runtime/cli/terminal/streams.hpp>
#include <hololoom/runtime/cli/terminal/text_layout.hpp>

#include <istream>
#include <ostream>
#include <unistd.h>

namespace hololoom::cli {

namespace {

constexpr std::int64_t page_size = 200;

/// Episodes that an import sends before the first is on disk.
constexpr std::size_t most_in_flight = 256;

struct episodes_options : loom_options {
  /// Of `export`: the folder to write. Of `import`: the folder to read, or "-"
  /// for standard input.
  std::string where;
};

caf::expected<int> list(session& with, bool as_json, console& out) {
  for (std::int64_t last = 0;;) {
    auto page = with.loom().episodes({last, page_size});
    if (!page)
      return std::move(page.error());
    if (page->episodes.empty() || out.out_is_gone())
      return 0;
    for (const auto& x : page->episodes) {
      out.result(as_json ? json_line(x) : render(x, out.out_style()));
    }
    last = page->last;
  }
}

/// Looks the buffer up again each time, so that an import goes on past a
/// restart of the buffer.
buffer_lookup current_buffer(const loom& x) {
  return [names = x.names()] {
    auto buffer = names->get<reflection_actor>("root/reflection");
    return buffer ? *buffer : reflection_actor{};
  };
}

int print(const import_report& report, bool as_json, context ctx) {
  ctx.out.result(
    as_json
      ? json_line(report)
      : counted(report.stored, "episode") + " stored, "
          + (report.duplicates > 0
               ? std::to_string(report.duplicates) + " of them before, "
               : "")
          + counted(static_cast<std::int64_t>(report.failed.size()), "file")
          + " not\n");
  for (const auto& problem : report.failed)
    ctx.out.note("hololoom: " + printable(problem));
  return static_cast<int>(report.failed.empty() ? exit_code::ok
                                                : exit_code::bad_data);
}

/// The answers are the result; a line that fails is answered with its error.
int import_from_stdin(session& with, console& out) {
  interruptible_input input{STDIN_FILENO, with.interrupt_fd()};
  console_output output{out};
  std::istream lines{&input};
  std::ostream answers{&output};
  auto report = import_lines(with.loom().system(), current_buffer(with.loom()),
                             lines, answers, most_in_flight, with.stop_token());
  return static_cast<int>(report.failed.empty() ? exit_code::ok
                                                : exit_code::bad_data);
}

int run_episodes_list(const episodes_options& options, context ctx) {
  return with_loom(ctx, config_for(options), [&](session& with) {
    return list(with, options.json, ctx.out);
  });
}

int run_episodes_export(const episodes_options& options, context ctx) {
  return with_loom(
    ctx, config_for(options), [&](session& with) -> caf::expected<int> {
      auto count = export_episodes(
        [&](const episodes_query& which) {
          return with.loom().episodes(which);
        },
        options.where, with.stop_token());
      if (!count)
        return std::move(count.error());
      ctx.out.result(
        options.json
          ? to_text({{"episodes", *count}, {"directory", options.where}}) + "\n"
          : counted(*count, "episode") + " written to " + options.where + "\n");
      return 0;
    });
}

int run_episodes_import(const episodes_options& options, context ctx) {
  auto import = [&](session& with) -> caf::expected<int> {
    if (options.where == "-")
      return import_from_stdin(with, ctx.out);
    auto& loom = with.loom();
    auto report = import_episodes(loom.system(), current_buffer(loom),
                                  options.where, with.stop_token());
    if (with.signal() != 0)
      ctx.out.note("stopped; what was stored so far is kept");
    if (!report)
      return std::move(report.error());
    return print(*report, options.json, ctx);
  };
  return with_loom(ctx, config_for(options), import,
                   session::on_signal::interrupt_input);
}

/// For the footers of commands that share the options of `episodes`.
std::string shared_options() {
  return "The options of episodes (--data, --config, --json) work here too.\n";
}

} // namespace

void add_episodes(CLI::App& app, job& chosen) {
  auto [command, options] = add_command(
    app, chosen, "episodes", "What was said of answers: list, export, import",
    &run_episodes_list);
  add_loom_options(*command, *options);
  command->fallthrough()->require_subcommand(0, 1);
  command->footer(example("hololoom episodes --json | head -n 3"));

  // The options belong to `episodes`; its commands share them.
  auto add = [&, command = command, options = options](
               const std::string& name, const std::string& summary, auto* run) {
    return add_command(*command, chosen, name, summary, run, options).first;
  };
  add("list", "One line for each episode (JSON Lines with --json)",
      &run_episodes_list)
    ->footer(shared_options() + example("hololoom episodes list"));
  auto* exporting =
    add("export", "Write each episode as a JSON file", &run_episodes_export);
  exporting->add_option("DIR", options->where, "Where to")->required();
  exporting->footer(shared_options()
                    + example("hololoom episodes export backup/"));
  auto* importing = add("import", "Store episodes from JSON files or lines",
                        &run_episodes_import);
  importing
    ->add_option("DIR", options->where,
                 "A folder of JSON files, or - for JSON Lines from standard "
                 "input, each answered by a line. A file or line may have up "
                 "to "
                   + std::to_string(longest_import >> 20) + " MiB")
    ->required();
  importing->footer(shared_options()
                    + example("hololoom episodes import backup/\n"
                              "  hololoom episodes import - < episodes.jsonl"));
}

} // namespace hololoom::cli
