#include <hololoom/actors/reflection/repair/repair.hpp>
#include <hololoom/messages/json/write.hpp>
#include <hololoom/runtime/cli/session.hpp>
#include <hololoom/runtime/cli/terminal/render.hpp>

namespace hololoom::cli {

// No loom: a damaged journal is what keeps one from opening. A signal is left
// until the repair is done, which is one step or none.
int run_repair(const loom_options& options, context ctx) {
  auto cfg = config_for(options);
  if (!cfg)
    return ctx.out.fail(cfg.error());
  auto report = repair_journal(cfg->data_dir);
  if (!report)
    return ctx.out.fail(report.error());
  if (options.json)
    ctx.out.result_line(json_text(*report));
  else
    ctx.out.result(render(*report));
  return 0;
}

} // namespace hololoom::cli
