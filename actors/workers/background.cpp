#include <hololoom/actors/supervision/supervisor.hpp>
#include <hololoom/actors/workers/background.hpp>
#include <hololoom/actors/workers/coroutine/coroutine_worker.hpp>
#include <hololoom/actors/workers/factory_call.hpp>
#include <hololoom/actors/workers/nursery_child.hpp>
#include <hololoom/actors/workers/process/process_worker.hpp>
#include <hololoom/actors/workers/threads/blocking_worker.hpp>
#include <hololoom/actors/workers/threads/periodic_worker.hpp>

#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

namespace hololoom {

background::background(std::string name, std::string kind, child_factory start,
                       std::string_view flaw) {
  spec_.name = std::move(name);
  spec_.kind = std::move(kind);
  spec_.start = std::move(start);
  spec_.flaw = flaw;
  spec_.restart = restart_type::temporary;
}

background background::coroutine(std::string name,
                                 std::function<task(task_context)> body) {
  auto flaw = body ? "" : "it needs a coroutine: the function given is empty";
  return {std::move(name), "coroutine",
          [body = std::move(body)](const start_context& ctx) {
            return detail::start_worker<detail::coroutine_worker>(ctx, body,
                                                                  ctx.names);
          },
          flaw};
}

background background::periodic(std::string name, caf::timespan interval,
                                std::function<void()> body,
                                periodic_options options) {
  auto flaw = interval.count() <= 0 ? "it needs an interval above zero"
            : body                  ? ""
                   : "it needs a function: the one given is empty";
  return {std::move(name), "periodic",
          [interval, body = std::move(body),
           options = std::move(options)](const start_context& ctx) {
            return detail::start_worker<detail::periodic_worker>(ctx, interval,
                                                                 body, options);
          },
          flaw};
}

background background::blocking(std::string name,
                                std::function<void(std::stop_token)> body) {
  auto flaw = body ? "" : "it needs a function: the one given is empty";
  return {std::move(name), "blocking",
          [body = std::move(body)](const start_context& ctx) {
            return detail::start_worker<detail::blocking_worker>(ctx, body);
          },
          flaw};
}

background background::process(std::string name, process_options options) {
  auto flaw =
    options.function.empty() ? "it needs the name of a process function" : "";
  return {std::move(name), "process",
          [options = std::move(options)](const start_context& ctx) {
            return detail::start_process_worker(ctx, options);
          },
          flaw};
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

background background::group(supervisor_options options,
                             std::vector<background> members) {
  std::vector<child_spec> specs;
  specs.reserve(members.size());
  for (auto& x : members)
    specs.push_back(to_child_spec(std::move(x)));
  background result{options.name, "supervisor", {}};
  result.spec_ = supervisor_child(std::move(options), std::move(specs));
  return result;
}

background
background::nursery(std::string name,
                    std::function<task(task_context, hololoom::nursery)> body,
                    nursery_options options) {
  auto empty = !body;
  background result{name, "nursery", {}};
  result.spec_ =
    detail::nursery_child(std::move(name), std::move(body), options);
  if (empty)
    result.spec_.flaw = "it needs a coroutine: the function given is empty";
  return result;
}

child_spec to_child_spec(background work) {
  return std::move(work.spec_);
}

} // namespace hololoom
