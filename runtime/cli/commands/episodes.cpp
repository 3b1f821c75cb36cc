#include <hololoom/actors/reflection/transfer/episode_files.hpp>
#include <hololoom/messages/json/value.hpp>
#include <hololoom/runtime/cli/session.hpp>
#include <hololoom/runtime/cli/terminal/render.hpp>
#include <hololoom/runtime/cli/terminal/streams.hpp>
#include <hololoom/runtime/cli/terminal/text_layout.hpp>

#include <functional>
#include <istream>
#include <ostream>
#include <unistd.h>

namespace hololoom::cli {

namespace {

constexpr std::int64_t page_size = 200;

/// Opens a loom, does `job` with it and closes it; `job` answers the exit code
/// or why it failed.
int with_loom(const episodes_options& options, context ctx,
              const std::function<caf::expected<int>(session&)>& job) {
  session with{ctx};
  session::direct_use guard{with};
  auto cfg = config_for(options);
  if (!cfg)
    return ctx.out.fail(cfg.error());
  if (auto err = with.open(std::move(*cfg)))
    return with.fail(err);
  auto code = job(with);
  return code ? with.close(*code) : with.fail(code.error());
}

caf::expected<int> list(session& with, bool as_json, console& out) {
  for (std::int64_t last = 0;;) {
    auto page = with.loom().episodes({last, page_size});
    if (!page)
      return std::move(page.error());
    if (page->episodes.empty() || out.out_is_gone() || with.signal() != 0)
      return 0;
    for (const auto& x : page->episodes) {
      if (as_json)
        out.result_line(json_text(x));
      else
        out.result(render(x, out.out_style()));
    }
    last = page->last;
  }
}

/// An import outlives a buffer that is restarted.
buffer_lookup current_buffer(const loom& x) {
  return [&x] {
    return x.reflection();
  };
}

int tell(const import_report& report, bool as_json, context ctx) {
  if (as_json)
    ctx.out.result_line(json_text(report));
  else
    ctx.out.result(
      counted(report.stored, "episode") + " stored, "
      + counted(static_cast<std::int64_t>(report.failed.size()), "file")
      + " not\n");
  for (const auto& problem : report.failed)
    ctx.out.note("hololoom: " + printable(problem));
  return static_cast<int>(report.failed.empty() ? exit_code::ok
                                                : exit_code::bad_data);
}

/// The answers are the result; what went wrong is said in them.
int import_from_stdin(session& with, console& out) {
  interruptible_input input{STDIN_FILENO, with.interrupt_fd()};
  console_output output{out};
  std::istream lines{&input};
  std::ostream answers{&output};
  auto report = import_lines(with.loom().system(), current_buffer(with.loom()),
                             lines, answers);
  return static_cast<int>(report.failed.empty() ? exit_code::ok
                                                : exit_code::bad_data);
}

} // namespace

int run_episodes_list(const episodes_options& options, context ctx) {
  return with_loom(options, ctx, [&](session& with) {
    return list(with, options.json, ctx.out);
  });
}

int run_episodes_export(const episodes_options& options, context ctx) {
  return with_loom(options, ctx, [&](session& with) -> caf::expected<int> {
    auto& loom = with.loom();
    auto count =
      export_episodes(loom.system(), loom.reflection(), options.where);
    if (!count)
      return std::move(count.error());
    if (options.json)
      ctx.out.result_line(
        to_text(json{{"episodes", *count}, {"directory", options.where}}));
    else
      ctx.out.result(counted(*count, "episode") + " written to " + options.where
                     + "\n");
    return 0;
  });
}

int run_episodes_import(const episodes_options& options, context ctx) {
  return with_loom(options, ctx, [&](session& with) -> caf::expected<int> {
    if (options.where == "-")
      return import_from_stdin(with, ctx.out);
    auto& loom = with.loom();
    auto report =
      import_episodes(loom.system(), current_buffer(loom), options.where);
    if (!report)
      return std::move(report.error());
    return tell(*report, options.json, ctx);
  });
}

} // namespace hololoom::cli
