#include <hololoom/runtime/cli/commands/commands.hpp>
#include <hololoom/runtime/cli/session.hpp>
#include <hololoom/runtime/cli/terminal/render.hpp>

namespace hololoom::cli {

namespace {

int run_metrics(const loom_options& options, context ctx) {
  return with_loom(
    ctx, config_for(options), [&](session& with) -> caf::expected<int> {
      auto metrics = with.loom().reflection_metrics();
      if (!metrics)
        return std::move(metrics.error());
      ctx.out.result(options.json ? json_line(*metrics)
                                  : render(*metrics, ctx.out.out_style()));
      return 0;
    });
}

} // namespace

void add_metrics(CLI::App& app, job& chosen) {
  auto [command, options] = add_command(
    app, chosen, "metrics", "What was learned so far", &run_metrics);
  add_loom_options(*command, *options);
  command->footer(example("hololoom metrics"));
}

} // namespace hololoom::cli
