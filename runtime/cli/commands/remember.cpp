#include <hololoom/runtime/cli/commands/commands.hpp>
#include <hololoom/runtime/cli/commands/remember.hpp>
#include <hololoom/runtime/cli/terminal/progress_bar.hpp>
#include <hololoom/runtime/cli/terminal/render.hpp>
#include <hololoom/runtime/cli/terminal/text_layout.hpp>

#include <algorithm>
#include <chrono>

namespace hololoom::cli {

namespace {

using clock = std::chrono::steady_clock;

/// Sends batches to memory, each while the next one is being read.
class batch_sender {
public:
  explicit batch_sender(loom& into) : into_(into) {}

  caf::error add(source_batch batch) {
    remember_request request{std::move(batch.shards), std::move(batch.sources)};
    auto next = into_.remember_anew_async(std::move(request));
    auto err = finish();
    under_way_ = std::move(next);
    return err;
  }

  /// Waits until the last batch is on disk.
  caf::error finish() {
    if (!under_way_.valid())
      return {};
    auto ack = under_way_.get();
    if (!ack)
      return std::move(ack.error());
    sum_.added += ack->added;
    sum_.replaced += ack->replaced;
    sum_.unchanged += ack->unchanged;
    sum_.removed += ack->removed;
    sum_.total = ack->total;
    return {};
  }

  const remember_ack& sum() const { return sum_; }

private:
  loom& into_;
  loom::promised<remember_ack> under_way_;
  remember_ack sum_;
};

struct remember_options : loom_options {
  std::vector<std::string> paths;
};

int run_remember(const remember_options& options, context ctx) {
  return with_loom(
    ctx, config_for(options), [&](session& with) -> caf::expected<int> {
      auto start = clock::now();
      auto report = read_into(with, options.paths, ctx.out);
      if (!report) {
        if (with.signal() != 0)
          ctx.out.note("stopped; what was read so far is kept");
        return std::move(report.error());
      }
      auto ms = millis{clock::now() - start}.count();
      ctx.out.result(options.json ? json_line(*report, ms)
                                  : render(*report, ms));
      if (auto skipped = render_skipped(report->read, options.paths);
          !skipped.empty()) {
        skipped.pop_back();
        ctx.out.note(skipped);
      }
      return exit_code_of(report->read);
    });
}

} // namespace

caf::expected<loading_report>
read_into(session& with, const std::vector<std::string>& paths, console& out) {
  batch_sender batches{with.loom()};
  reading_options options;
  options.stop = with.stop_token();
  auto read = read_sources(
    paths, [&](source_batch batch) { return batches.add(std::move(batch)); },
    options, progress_bar<reading_progress>(out));
  auto err = read ? batches.finish() : std::move(read.error());
  out.status("");
  if (err)
    return err;
  return loading_report{std::move(*read), batches.sum()};
}

int exit_code_of(const reading_report& report) {
  if (report.files > 0 || report.skipped.empty())
    return 0;
  auto is_io = [](const skipped_source& x) {
    return exit_code_for(x.code) == exit_code::io;
  };
  auto io = std::any_of(report.skipped.begin(), report.skipped.end(), is_io);
  return static_cast<int>(io ? exit_code::io : exit_code::bad_data);
}

void add_remember(CLI::App& app, job& chosen) {
  auto [command, options] =
    add_command(app, chosen, "remember",
                "Read text files and folders into memory", &run_remember);
  add_loom_options(*command, *options);
  command->add_option("PATH", options->paths, "Files and folders")->required();
  command->footer(example("hololoom remember ~/notes /usr/share/doc/debian"));
}

} // namespace hololoom::cli
