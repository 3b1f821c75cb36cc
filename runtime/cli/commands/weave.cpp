#include <hololoom/runtime/cli/commands/commands.hpp>
#include <hololoom/runtime/cli/commands/remember.hpp>
#include <hololoom/runtime/cli/terminal/render.hpp>

namespace hololoom::cli {

namespace {

struct weave_command_options : loom_options {
  std::string query;
  std::vector<std::string> from;
  /// bare, fast, fused or auto; empty: the config's.
  std::string card;
  std::optional<double> deadline_ms;
};

/// With `--from` alone nothing is kept: the loom lives in memory.
caf::expected<config> config_of(const weave_command_options& options) {
  return config_for(options, options.from.empty() || !options.data.empty());
}

weave_options details_of(const weave_command_options& options) {
  weave_options details;
  if (!options.card.empty())
    details.card = options.card;
  if (options.deadline_ms)
    details.deadline = millis{*options.deadline_ms};
  return details;
}

/// A weave never fails half-way: its errors are in the spacetime.
int weave_exit_code(const spacetime& woven) {
  if (woven.tool_used != "error")
    return 0;
  for (const auto& err : woven.trace.errors)
    if (err.type == to_string(errc::deadline_exceeded))
      return static_cast<int>(exit_code::unavailable);
  return static_cast<int>(exit_code::internal);
}

int run_weave(const weave_command_options& options, context ctx) {
  return with_loom(
    ctx, config_of(options), [&](session& with) -> caf::expected<int> {
      if (!options.from.empty()) {
        auto read = read_into(with, options.from, ctx.out);
        if (!read)
          return std::move(read.error());
        if (auto code = exit_code_of(read->read); code != 0) {
          auto skipped = render_skipped(read->read, options.from);
          ctx.out.note(skipped + "hololoom: nothing of --from could be read");
          return code;
        }
      }
      auto woven = with.loom().weave(options.query, details_of(options));
      if (!woven)
        return std::move(woven.error());
      ctx.out.result(options.json ? json_line(*woven)
                                  : render(*woven, ctx.out.out_style()));
      return weave_exit_code(*woven);
    });
}

} // namespace

void add_weave(CLI::App& app, job& chosen) {
  auto [command, options] =
    add_command(app, chosen, "weave", "Answer a question", &run_weave);
  add_loom_options(*command, *options);
  command->add_option("QUERY", options->query, "The question")->required();
  command
    ->add_option("--from", options->from,
                 "Read this file or folder first. Without --data, nothing is "
                 "kept")
    ->type_name("PATH")
    ->expected(1)
    ->take_all();
  command->add_option("--card", options->card, "How much work to do for it")
    ->check(CLI::IsMember({"bare", "fast", "fused", "auto"}))
    ->type_name("CARD");
  command
    ->add_option("--deadline-ms", options->deadline_ms,
                 "Answer with what there is by then")
    ->check(CLI::Range(1.0, 3'600'000.0).description(""))
    ->type_name("MS");
  command->footer(example("hololoom weave \"How are Debian packages licensed?\""
                          "\n  hololoom weave --from notes.md \"What is due?\""
                          "\n  hololoom weave \"what is 12 * (3 + 4)\""));
}

} // namespace hololoom::cli
