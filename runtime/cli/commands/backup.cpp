#include <hololoom/actors/reflection/repair/verify_journal.hpp>
#include <hololoom/runtime/backup.hpp>
#include <hololoom/runtime/cli/commands/commands.hpp>
#include <hololoom/runtime/cli/session.hpp>
#include <hololoom/runtime/cli/terminal/progress_bar.hpp>
#include <hololoom/runtime/cli/terminal/render.hpp>
#include <hololoom/runtime/signals.hpp>

#include <atomic>
#include <memory>
#include <stop_token>
#include <utility>

namespace hololoom::cli {

namespace {

struct backup_command : loom_options {
  std::string file;
};

int run_backup(const backup_command& options, context ctx) {
  auto cfg = config_for(options);
  if (!cfg)
    return ctx.out.fail(cfg.error());
  // Opening a loom would make an empty directory, and a backup of nothing.
  if (auto none = find_journal(cfg->data_dir))
    return ctx.out.fail(none);
  return with_loom(ctx, cfg, [&](session& with) -> caf::expected<int> {
    auto made = with.loom().backup(
      options.file, {progress_bar<start_progress>(ctx.out), with.stop_token()});
    ctx.out.status("");
    if (!made)
      return std::move(made.error());
    ctx.out.result(options.json ? json_line(*made) : render(*made));
    return 0;
  });
}

// Opens no loom: there is none yet.
int run_restore(const backup_command& options, context ctx) {
  auto cfg = config_for(options);
  if (!cfg)
    return ctx.out.fail(cfg.error());
  struct interruption {
    std::stop_source stop;
    std::atomic<int> signal = 0;
  };
  auto told = std::make_shared<interruption>();
  ctx.signals.start([told](int number, int) {
    told->signal = number;
    told->stop.request_stop();
  });
  auto made = restore_backup(
    options.file, cfg->data_dir,
    {progress_bar<start_progress>(ctx.out), told->stop.get_token()});
  ctx.out.status("");
  auto signal = told->signal.load();
  if (made)
    ctx.out.result(options.json ? json_line(*made) : render(*made));
  else if (signal == 0)
    return ctx.out.fail(made.error());
  return signal != 0 ? 128 + signal : 0;
}

} // namespace

void add_backup(CLI::App& app, job& chosen) {
  auto [command, options] =
    add_command(app, chosen, "backup",
                "Write all that is kept into one new file", &run_backup);
  add_loom_options(*command, *options);
  command->add_option("FILE", options->file, "The new file")->required();
  command->footer(example("hololoom backup ~/hololoom.backup"));
}

void add_restore(CLI::App& app, job& chosen) {
  auto [command, options] = add_command(
    app, chosen, "restore",
    "Make a new data directory from a backup, verified first", &run_restore);
  add_loom_options(*command, *options);
  command->add_option("FILE", options->file, "What backup wrote")->required();
  command->footer(
    example("hololoom restore ~/hololoom.backup --data ~/restored"));
}

} // namespace hololoom::cli
