#include <hololoom/messages/json/write.hpp>
#include <hololoom/runtime/cli/commands/commands.hpp>
#include <hololoom/runtime/config.hpp>

namespace hololoom::cli {

namespace {

caf::expected<config> config_named(const std::string& which) {
  if (which == "bare")
    return config::bare();
  if (which == "fast")
    return config::fast();
  if (which.empty() || which == "fused")
    return config::fused();
  return config::load(which);
}

} // namespace

int run_config(const config_options& options, context ctx) {
  auto cfg = config_named(options.which);
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

} // namespace hololoom::cli
