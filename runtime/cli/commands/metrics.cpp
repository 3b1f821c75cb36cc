#include <hololoom/messages/json/write.hpp>
#include <hololoom/runtime/cli/session.hpp>
#include <hololoom/runtime/cli/terminal/render.hpp>

namespace hololoom::cli {

int run_metrics(const loom_options& options, context ctx) {
  session with{ctx};
  auto cfg = config_for(options);
  if (!cfg)
    return ctx.out.fail(cfg.error());
  if (auto err = with.open(std::move(*cfg)))
    return with.fail(err);
  auto metrics = with.loom().reflection_metrics();
  if (!metrics)
    return with.fail(metrics.error());
  if (options.json)
    ctx.out.result_line(json_text(*metrics));
  else
    ctx.out.result(render(*metrics, ctx.out.out_style()));
  return with.close(0);
}

} // namespace hololoom::cli
