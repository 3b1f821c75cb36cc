#pragma once

#include <hololoom/actors/supervision/child_spec.hpp>
#include <hololoom/actors/supervision/protocol.hpp>
#include <hololoom/actors/workers/coroutine/task_context.hpp>

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace hololoom {

class background;

namespace detail {

class nursery_state;

} // namespace detail

struct nursery_options {
  /// How many children may be there at once; past it, `start` refuses and
  /// `wait_for_room` waits. Zero: any number.
  std::size_t at_once = 0;
  /// For children that set none of their own: past this rate, one that is
  /// restarted is given up.
  restart_rate give_up_after = {10, std::chrono::seconds{5}};
};

/// The children of a task, which `background::nursery` gives it. They run under
/// a supervisor of the task's own and do not outlive it: when the task ends, in
/// whatever way, those that still run are told to end, and the nursery has
/// ended once they have. They go after the task's variables: what a child
/// refers to must be shared with it, or outlive the nursery.
///
/// ~~~
/// task crawl(task_context ctx, nursery children) {
///   for (const auto& page : first_pages()) {
///     co_await children.wait_for_room();
///     auto refused = children.start(background::blocking(
///       page.name, [page](std::stop_token stop) { fetch(page, stop); }));
///     if (refused)
///       throw std::runtime_error{explain(refused)};
///   }
///   if (auto failed = co_await children.wait_all())
///     throw std::runtime_error{explain(failed)};
/// }
/// auto work = background::nursery("crawl", crawl, {.at_once = 8});
/// ~~~
///
/// A child that fails fails alone: it is logged, the report lists it, and the
/// task hears of it when it waits. A cheap value, for the task's own thread and
/// valid while the task runs.
class nursery {
public:
  /// @private
  nursery(task_context ctx, std::shared_ptr<detail::nursery_state> state)
    : ctx_(ctx), state_(std::move(state)) {}

  /// Has a child started, soon. One that cannot start has ended with that
  /// error. The name of one that has ended can be used again.
  ///
  /// This is no `co_await`, because g++ 12 would destroy what a lambda in it
  /// captures twice.
  /// @returns `errc::invalid_spec` with what is wrong; `errc::already_started`
  ///          if a child of that name is there; `errc::overloaded` if as many
  ///          children are there as there may be.
  [[nodiscard]] caf::error start(background work) const;

  /// `co_await` it to wait until fewer children are there than there may be.
  task_of<void> wait_for_room() const;

  /// `co_await` it for the child called `name`, which was started before. The
  /// handle stays good over restarts; requests to it fail with
  /// `errc::unavailable` meanwhile. `caf::actor_cast` makes it a typed one.
  /// @returns `errc::not_found` if none of that name is there.
  task_of<caf::expected<caf::actor>> find(std::string name) const;

  /// `co_await` it to wait until the child has ended for good.
  /// @returns no error if it ended in order, otherwise the one that it ended
  ///          with; `errc::not_found` if no child had that name.
  task_of<caf::error> wait(std::string name) const;

  /// `co_await` it to wait until no child is left.
  /// @returns the error of the first child that failed since the last call; the
  ///          others are in the log.
  task_of<caf::error> wait_all() const;

  /// `co_await` it to stop a child, within its own limit, and forget it.
  /// @returns `errc::not_found` if no child has that name; `errc::crashed` if
  ///          it failed on the way, `errc::stuck` if it had to be killed or let
  ///          go.
  task_of<caf::error> stop(std::string name) const;

  /// How many children run, or are about to.
  std::size_t size() const;

private:
  task_context ctx_;
  std::shared_ptr<detail::nursery_state> state_;
};

} // namespace hololoom
