#include <hololoom/messages/json/write.hpp>
#include <hololoom/runtime/cli/commands/remember.hpp>
#include <hololoom/runtime/cli/terminal/render.hpp>

namespace hololoom::cli {

namespace {

/// With `--from` alone nothing is kept: the loom lives in memory.
caf::expected<config> config_of(const weave_command_options& options) {
  auto cfg = config_for(options);
  if (cfg && !options.from.empty() && options.data.empty())
    cfg->data_dir.clear();
  return cfg;
}

weave_options details_of(const weave_command_options& options) {
  weave_options details;
  if (!options.card.empty())
    details.card = options.card;
  if (options.deadline_ms)
    details.deadline = millis{*options.deadline_ms};
  return details;
}

/// A weave never fails half-way: what went wrong is in the spacetime.
int exit_code_of(const spacetime& woven) {
  if (woven.tool_used != "error")
    return 0;
  for (const auto& err : woven.trace.errors)
    if (err.type == to_string(errc::deadline_exceeded))
      return static_cast<int>(exit_code::unavailable);
  return static_cast<int>(exit_code::internal);
}

} // namespace

int run_weave(const weave_command_options& options, context ctx) {
  session with{ctx};
  auto cfg = config_of(options);
  if (!cfg)
    return ctx.out.fail(cfg.error());
  if (auto err = with.open(std::move(*cfg)))
    return with.fail(err);
  if (!options.from.empty()) {
    auto read = read_into(with, options.from, ctx.out);
    if (!read)
      return with.fail(read.error());
    if (auto code = exit_code_of(read->read); code != 0) {
      auto skipped = render_skipped(read->read, options.from);
      ctx.out.note(skipped + "hololoom: nothing of --from could be read");
      return with.close(code);
    }
  }
  auto woven = with.loom().weave(options.query, details_of(options));
  if (!woven)
    return with.fail(woven.error());
  if (options.json)
    ctx.out.result_line(json_text(*woven));
  else
    ctx.out.result(render(*woven, ctx.out.out_style()));
  return with.close(exit_code_of(*woven));
}

} // namespace hololoom::cli
