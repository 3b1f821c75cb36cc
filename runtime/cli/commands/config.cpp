#include <hololoom/messages/json/write.hpp>
#include <hololoom/runtime/cli/commands/commands.hpp>
#include <hololoom/runtime/config.hpp>

namespace hololoom::cli {

namespace {

struct config_options {
  /// A preset's name or a file.
  std::string which = "fused";
};

/// Prints the whole config, every key of it.
int run_config(const config_options& options, context ctx) {
  auto preset = config::named(options.which);
  auto cfg = preset ? caf::expected<config>{std::move(*preset)}
                    : config::load(options.which);
  if (!cfg)
    return ctx.out.fail(cfg.error());
  ctx.out.result(pretty_json(json_text(*cfg)) + "\n");
  return 0;
}

int run_config_check(const config_options& options, context ctx) {
  auto cfg = config::load(options.which);
  if (!cfg)
    return ctx.out.fail(cfg.error());
  ctx.out.result(options.which + " is a config\n");
  return 0;
}

} // namespace

void add_config(CLI::App& app, job& chosen) {
  auto [command, options] =
    add_command(app, chosen, "config", "Print a config with every key, as JSON",
                &run_config);
  command->add_option("WHICH", options->which,
                      "bare, fast or fused [fused], or a config file");
  command->require_subcommand(0, 1);
  command->footer(example("hololoom config fast > my.json\n"
                          "  hololoom config check my.json"));
  auto [check, file] =
    add_command(*command, chosen, "check", "Say whether a file is a config",
                &run_config_check);
  check->add_option("FILE", file->which, "The file")->required();
  check->footer(example("hololoom config check my.json"));
}

} // namespace hololoom::cli
