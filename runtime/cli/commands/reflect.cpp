#include <hololoom/messages/json/write.hpp>
#include <hololoom/runtime/cli/session.hpp>
#include <hololoom/runtime/cli/terminal/render.hpp>

namespace hololoom::cli {

int run_reflect(const reflect_options& options, context ctx) {
  session with{ctx};
  auto cfg = config_for(options);
  if (!cfg)
    return ctx.out.fail(cfg.error());
  if (auto err = with.open(std::move(*cfg)))
    return with.fail(err);
  feedback said;
  if (options.helpful)
    said.helpful = *options.helpful;
  if (options.rating)
    said.rating = *options.rating;
  if (options.comment)
    said.comment = *options.comment;
  auto ack = with.loom().reflect(options.id, said);
  if (!ack)
    return with.fail(ack.error());
  if (options.json)
    ctx.out.result_line(json_text(*ack));
  else
    ctx.out.result(render(*ack));
  return with.close(0);
}

} // namespace hololoom::cli
