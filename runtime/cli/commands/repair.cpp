#include <hololoom/actors/reflection/repair/repair.hpp>
#include <hololoom/runtime/cli/commands/commands.hpp>
#include <hololoom/runtime/cli/session.hpp>
#include <hololoom/runtime/cli/terminal/render.hpp>
#include <hololoom/runtime/signals.hpp>

#include <unistd.h>

namespace hololoom::cli {

namespace {

// Opens no loom, which a damaged journal would not let it do. A signal may end
// it anywhere: a repair takes effect in one step or not at all.
int run_repair(const loom_options& options, context ctx) {
  auto cfg = config_for(options);
  if (!cfg)
    return ctx.out.fail(cfg.error());
  ctx.signals.start([](int signal, int) { ::_exit(128 + signal); });
  auto report = repair_journal(cfg->data_dir);
  if (!report)
    return ctx.out.fail(report.error());
  ctx.out.result(options.json ? json_line(*report) : render(*report));
  return 0;
}

} // namespace

void add_repair(CLI::App& app, job& chosen) {
  auto [command, options] = add_command(
    app, chosen, "repair",
    "Check the journal, and recover what can be read of a damaged one",
    &run_repair);
  add_loom_options(*command, *options);
  command->footer(example("hololoom repair --data ~/.local/share/hololoom"));
}

} // namespace hololoom::cli
