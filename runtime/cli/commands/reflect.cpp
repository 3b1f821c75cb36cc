#include <hololoom/runtime/cli/commands/commands.hpp>
#include <hololoom/runtime/cli/session.hpp>
#include <hololoom/runtime/cli/terminal/render.hpp>

namespace hololoom::cli {

namespace {

struct reflect_options : loom_options {
  std::string id;
  std::optional<bool> helpful;
  std::optional<double> rating;
  std::optional<std::string> comment;
};

feedback feedback_of(const reflect_options& options) {
  feedback said;
  if (options.helpful)
    said.helpful = *options.helpful;
  if (options.rating)
    said.rating = *options.rating;
  if (options.comment)
    said.comment = *options.comment;
  return said;
}

int run_reflect(const reflect_options& options, context ctx) {
  return with_loom(
    ctx, config_for(options), [&](session& with) -> caf::expected<int> {
      auto ack = with.loom().reflect(options.id, feedback_of(options));
      if (!ack)
        return std::move(ack.error());
      ctx.out.result(options.json ? json_line(*ack) : render(*ack));
      return 0;
    });
}

} // namespace

void add_reflect(CLI::App& app, job& chosen) {
  auto [command, options] = add_command(
    app, chosen, "reflect", "Say how good an answer was", &run_reflect);
  add_loom_options(*command, *options);
  command->add_option("ID", options->id, "The id that weave printed")
    ->required();
  auto helpful = [options = options](std::int64_t) {
    options->helpful = true;
  };
  auto not_helpful = [options = options](std::int64_t) {
    options->helpful = false;
  };
  auto* yes = command->add_flag_function("--helpful", helpful, "It helped");
  command->add_flag_function("--unhelpful", not_helpful, "It did not help")
    ->excludes(yes);
  command->add_option("--rating", options->rating, "From 1, bad, to 5, good")
    ->check(CLI::Range(1.0, 5.0).description(""))
    ->type_name("1..5");
  command->add_option("--comment", options->comment, "In words")
    ->type_name("TEXT");
  command->footer(example("hololoom reflect 5b1c... --helpful --rating 5"));
}

} // namespace hololoom::cli
