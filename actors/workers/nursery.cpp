#include <hololoom/actors/supervision/supervisor.hpp>
#include <hololoom/actors/workers/background.hpp>
#include <hololoom/actors/workers/nursery_child.hpp>
#include <hololoom/actors/workers/worker_book.hpp>

#include <caf/actor_addr.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <limits>
#include <string_view>

namespace hololoom {

namespace detail {

namespace {

/// A supervisor answers in its own time: children have limits, it has none.
constexpr caf::timespan no_limit = std::chrono::hours{24 * 365};

/// The task's own name below its supervisor.
constexpr std::string_view task_name = "task";

} // namespace

/// The children that run, fed by the events of their supervisor. Shared by the
/// task, which waits, and the supervisor, which tells.
class nursery_state : public std::enable_shared_from_this<nursery_state> {
public:
  nursery_state(std::string folder, const nursery_options& options)
    : folder_(std::move(folder)), options_(options) {
    book_.on_end([this](const worker_end& x) { ended(x); });
  }

  const nursery_options& options() const noexcept { return options_; }

  worker_book& book() noexcept { return book_; }

  /// Set before the task begins.
  void belongs_to(const caf::actor_addr& supervisor) {
    lock_guard guard{mutex_};
    supervisor_ = supervisor;
  }

  /// Null once it has ended.
  supervisor_actor supervisor() const {
    lock_guard guard{mutex_};
    return caf::actor_cast<supervisor_actor>(
      caf::actor_cast<caf::strong_actor_ptr>(supervisor_));
  }

  std::string path_of(std::string_view name) const {
    return folder_ + std::string{name};
  }

  /// Asks the supervisor to start a child; `task` gets the answer.
  caf::error start(caf::event_based_actor& task, const child_spec_ptr& spec) {
    if (auto problem = check(*spec, {}))
      return problem->to_error();
    if (spec->name == task_name || book_.find(spec->name).spec)
      return failure(errc::already_started, "a child '" + spec->name
                                              + "' of the nursery is there "
                                                "already");
    if (options_.at_once != 0 && book_.size() >= options_.at_once)
      return failure(errc::overloaded,
                     "the nursery has " + std::to_string(options_.at_once)
                       + " children, as many as it may (`at_once`): await "
                         "`wait_for_room` first");
    auto to = supervisor();
    if (!to)
      return failure(errc::shutting_down, "the nursery ends");
    book_.keep({spec, false});
    // An earlier one of that name which does not run any more makes way.
    caf::anon_send(to, delete_child{spec->name});
    task.request(to, caf::infinite, start_child{spec})
      .then([](const child_started&) {},
            [me = shared_from_this(), spec](const caf::error& why) {
              me->book_.failed_to_start(spec->name, why);
            });
    return {};
  }

  void heard(const lifecycle_event& x) {
    if (x.path.starts_with(folder_))
      book_.heard(std::string_view{x.path}.substr(folder_.size()), x);
  }

  caf::error take_failure() {
    lock_guard guard{mutex_};
    return std::exchange(failure_, {});
  }

private:
  void ended(const worker_end& x) {
    if (x.why) {
      lock_guard guard{mutex_};
      if (!failure_)
        failure_ = x.why;
    } else if (x.in_tree) {
      // One that has done its work does not stay in the tree.
      if (auto to = supervisor())
        caf::anon_send(to, delete_child{x.name});
    }
  }

  const std::string folder_;
  const nursery_options options_;
  worker_book book_;
  mutable mutex mutex_;
  caf::actor_addr supervisor_ HOLOLOOM_GUARDED_BY(mutex_);
  caf::error failure_ HOLOLOOM_GUARDED_BY(mutex_);
};

namespace {

/// The supervisor's events go to the task's book and on to the whole tree's
/// subscribers: a bus of its own keeps every other worker's events out.
std::shared_ptr<event_bus> bus_of(std::shared_ptr<nursery_state> state,
                                  std::shared_ptr<event_bus> above) {
  auto result = std::make_shared<event_bus>();
  result->observe([state = std::move(state),
                   above = std::move(above)](const lifecycle_event& x) {
    state->heard(x);
    if (above->wanted(x.what))
      above->publish(x);
  });
  return result;
}

child_spec task_spec(const nursery_body& body,
                     const std::shared_ptr<nursery_state>& state) {
  auto spec = to_child_spec(background::coroutine(
    std::string{task_name}, [body, state](task_context ctx) {
      return body(ctx, nursery{ctx, state});
    }));
  spec.significant = true;
  spec.start = [start = std::move(spec.start),
                state](const start_context& ctx) {
    state->belongs_to(ctx.supervisor);
    return start(ctx);
  };
  return spec;
}

} // namespace

child_spec nursery_child(std::string name, nursery_body body,
                         nursery_options options) {
  supervisor_options own;
  own.name = std::move(name);
  own.auto_shutdown = auto_shutdown::any_significant;
  // The task is told first, so that no wait of its takes a child that was
  // stopped for one that is done.
  own.stop_order = stop_order::parallel;
  auto result = supervisor_child(own, {}, restart_type::temporary);
  result.kind = "nursery";
  result.start = [own, body = std::move(body),
                  options](const start_context& ctx) {
    auto state = std::make_shared<nursery_state>(ctx.path + "/", options);
    auto inner = ctx;
    inner.events = bus_of(state, ctx.events);
    return supervisor_child(own, {task_spec(body, state)}).start(inner);
  };
  // Its children are not known.
  result.stop_bound = caf::timespan{0};
  return result;
}

namespace {

using state_ptr = std::shared_ptr<nursery_state>;

/// What a callback can carry.
struct child_end {
  caf::error why;
};

task_of<void> wait_until_at_most(task_context ctx, state_ptr state,
                                 std::size_t most) {
  co_await ctx.from_callback<bool>([&](const callback<bool>& done) {
    state->book().when_at_most(most, [done] { done(true); });
  });
}

task_of<caf::expected<caf::actor>> find_in(task_context ctx, state_ptr state,
                                           std::string name) {
  // The supervisor has had all that was started before.
  which_child query{name};
  auto known = co_await ctx.request(state->supervisor(), no_limit, query);
  if (!known)
    co_return std::move(known.error());
  co_return ctx.find(state->path_of(name));
}

task_of<caf::error> wait_in(task_context ctx, state_ptr state,
                            std::string name) {
  auto end =
    co_await ctx.from_callback<child_end>([&](const callback<child_end>& done) {
      auto none = state->book().when_ended(
        name, [done](const caf::error& why) { done(child_end{why}); });
      if (none)
        done(std::move(none));
    });
  co_return end ? std::move(end->why) : std::move(end.error());
}

task_of<caf::error> wait_for_all(task_context ctx, state_ptr state) {
  co_await wait_until_at_most(ctx, state, 0);
  co_return state->take_failure();
}

task_of<caf::error> stop_in(task_context ctx, state_ptr state,
                            std::string name) {
  if (name == task_name || !state->book().find(name).spec)
    co_return failure(errc::not_found,
                      "the nursery has no child '" + name + "'");
  state->book().retire(name, false);
  terminate_child request{name};
  auto stopped = co_await ctx.request(state->supervisor(), no_limit, request);
  auto how = state->book().stopped(name);
  if (!stopped && !is(stopped.error(), errc::not_found))
    co_return std::move(stopped.error());
  delete_child old{name};
  co_await ctx.request(state->supervisor(), no_limit, old);
  co_return how;
}

} // namespace

} // namespace detail

caf::error nursery::start(background work) const {
  if (work.is_essential())
    return failure(errc::invalid_spec,
                   "the child '" + work.name()
                     + "' of a nursery cannot be essential: the task hears of "
                       "its end, and the whole nursery can be essential");
  auto spec = to_child_spec(std::move(work));
  if (!spec.give_up_after)
    spec.give_up_after = state_->options().give_up_after;
  return state_->start(*ctx_.self(),
                       std::make_shared<const child_spec>(std::move(spec)));
}

task_of<void> nursery::wait_for_room() const {
  auto most = state_->options().at_once;
  return detail::wait_until_at_most(
    ctx_, state_,
    most != 0 ? most - 1 : std::numeric_limits<std::size_t>::max());
}

task_of<caf::expected<caf::actor>> nursery::find(std::string name) const {
  return detail::find_in(ctx_, state_, std::move(name));
}

task_of<caf::error> nursery::wait(std::string name) const {
  return detail::wait_in(ctx_, state_, std::move(name));
}

task_of<caf::error> nursery::wait_all() const {
  return detail::wait_for_all(ctx_, state_);
}

task_of<caf::error> nursery::stop(std::string name) const {
  return detail::stop_in(ctx_, state_, std::move(name));
}

std::size_t nursery::size() const {
  return state_->book().size();
}

} // namespace hololoom
