#include <hololoom/actors/workers/background.hpp>
#include <hololoom/actors/workers/coroutine/coroutine_worker.hpp>
#include <hololoom/actors/workers/factory_call.hpp>
#include <hololoom/actors/workers/process/process_worker.hpp>
#include <hololoom/actors/workers/threads/blocking_worker.hpp>
#include <hololoom/actors/workers/threads/periodic_worker.hpp>

#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

namespace hololoom {

namespace {

start_result refused(std::string_view what) {
  return start_result::failure(failure(errc::invalid_spec, std::string{what}));
}

} // namespace

background::background(std::string name, std::string kind,
                       child_factory start) {
  spec_.name = std::move(name);
  spec_.kind = std::move(kind);
  spec_.start = std::move(start);
  spec_.restart = restart_type::temporary;
}

background background::coroutine(std::string name,
                                 std::function<task(task_context)> body) {
  return {std::move(name), "coroutine",
          [body = std::move(body)](const start_context& ctx) {
            if (!body)
              return refused("a coroutine worker needs a coroutine: the "
                             "function given is empty");
            return detail::start_worker<detail::coroutine_worker>(ctx, body,
                                                                  ctx.names);
          }};
}

background background::periodic(std::string name, caf::timespan interval,
                                std::function<void()> body,
                                periodic_options options) {
  return {std::move(name), "periodic",
          [interval, body = std::move(body),
           options = std::move(options)](const start_context& ctx) {
            if (interval.count() <= 0)
              return refused("a periodic worker needs an interval above zero");
            if (!body)
              return refused("a periodic worker needs a function: the one "
                             "given is empty");
            return detail::start_worker<detail::periodic_worker>(ctx, interval,
                                                                 body, options);
          }};
}

background background::blocking(std::string name,
                                std::function<void(std::stop_token)> body) {
  return {std::move(name), "blocking",
          [body = std::move(body)](const start_context& ctx) {
            if (!body)
              return refused("a blocking worker needs a function: the one "
                             "given is empty");
            return detail::start_worker<detail::blocking_worker>(ctx, body);
          }};
}

background background::process(std::string name, process_options options) {
  return {std::move(name), "process",
          [options = std::move(options)](const start_context& ctx) {
            return detail::start_process_worker(ctx, options);
          }};
}

background background::made_by(
  std::string name,
  std::function<caf::strong_actor_ptr(caf::actor_system&)> factory) {
  background result{std::move(name), "actor",
                    [factory = std::move(factory),
                     last = std::shared_ptr<detail::factory_call>{}](
                      const start_context& ctx) mutable {
                      return detail::start_made(ctx, factory, last);
                    }};
  result.spec_.stuck = {.limit = std::chrono::milliseconds{500}};
  return result;
}

child_spec to_child_spec(background work) {
  return std::move(work.spec_);
}

} // namespace hololoom
