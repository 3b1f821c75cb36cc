#include <hololoom/actors/memory/shard_memory.hpp>
#include <hololoom/actors/memory/yarn_graph.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <optional>
#include <stop_token>
#include <utility>

// -- between the two actors -----------------------------------------------------

namespace hololoom::detail {

/// Opens the store and indexes it.
struct open_store {};

/// Goes on with a copy of the store.
struct continue_copy {};

/// The memory after a change.
struct memory_state {
  shard_index_ptr index;
  remember_ack ack;
  bool durable = true;
};

} // namespace hololoom::detail

HOLOLOOM_LOCAL_MESSAGE(1700, hololoom::detail::open_store)
HOLOLOOM_LOCAL_MESSAGE(1701, hololoom::detail::memory_state)
HOLOLOOM_LOCAL_MESSAGE(1704, hololoom::detail::continue_copy)

namespace hololoom {

namespace {

using detail::continue_copy;
using detail::memory_state;
using detail::open_store;

using keeper_actor = caf::typed_actor<
  answers<memory_state, open_store>, answers<memory_state, remember_request>,
  answers<store_copied, copy_store>, answers<void, continue_copy>>;

/// Waits for the disk, one request after the other. The yarn graph owns it. It
/// closes the store and exits when the yarn graph exits or tells it to.
class keeper {
public:
  static constexpr const char* name = "keeper";

  keeper(keeper_actor::base* self, const memory_options& options,
         const caf::actor_addr& owner, const std::stop_token& stop,
         start_progress_sink on_progress)
    : self_(self),
      memory_(options, stop),
      on_progress_(std::move(on_progress)) {
    self_->monitor(owner);
    self_->set_down_handler([this](const caf::down_msg& x) { end(x.reason); });
    self_->set_exit_handler([this](const caf::exit_msg& x) { end(x.reason); });
  }

  keeper_actor::behavior_type make_behavior() {
    return {[this](open_store) -> caf::result<memory_state> {
              if (auto err = memory_.open(std::exchange(on_progress_, {})))
                return err;
              return state({});
            },
            [this](remember_request& x) -> caf::result<memory_state> {
              auto ack = memory_.remember(std::move(x));
              if (!ack)
                return std::move(ack.error());
              return state(*ack);
            },
            [this](copy_store& x) { return copy(std::move(x)); },
            [this](continue_copy) {
              copy_some();
            }};
  }

private:
  // -- a copy of the store, with requests in between ----------------------------

  struct copying {
    std::unique_ptr<sqlite::online_copy> copy;
    copy_store asked;
    caf::typed_response_promise<store_copied> promise;
  };

  caf::result<store_copied> copy(copy_store x) {
    if (copying_)
      return failure(errc::already_started,
                     "a copy of the memory is being made; await its end");
    auto begun = memory_.begin_copy(x.to);
    if (!begun)
      return std::move(begun.error());
    auto promise = self_->make_response_promise<store_copied>();
    copying_.emplace(copying{std::move(*begun), std::move(x), promise});
    copy_some();
    return promise;
  }

  void copy_some() {
    if (!copying_)
      return;
    auto& [copy, asked, promise] = *copying_;
    auto err = asked.stop.stop_requested()
               ? failure(errc::cancelled, "the copy was called off")
               : copy->step(pages_at_once);
    if (!err && !copy->complete()) {
      if (asked.on_progress)
        asked.on_progress(copy->copied(), copy->total());
      return self_->send(self_, continue_copy{});
    }
    if (err)
      promise.deliver(std::move(err));
    else
      promise.deliver(store_copied{memory_.size()});
    copying_.reset();
  }

  memory_state state(const remember_ack& ack) const {
    return {memory_.index(), ack, memory_.durable()};
  }

  void end(caf::error reason) {
    if (copying_)
      copying_->promise.deliver(
        failure(errc::shutting_down, "the memory closed before it was copied"));
    copying_.reset();
    // All acknowledged shards are synced; the next start reads a remaining log.
    static_cast<void>(memory_.close());
    self_->quit(std::move(reason));
  }

  keeper_actor::base* self_;
  detail::shard_memory memory_;
  start_progress_sink on_progress_;
  std::optional<copying> copying_;
};

/// The yarn graph: answers from its snapshot, passes new shards to its keeper,
/// and adopts the keeper's next snapshot before it acknowledges, so that every
/// acknowledged shard can be found.
///
/// opening -> open -> closing. Requests wait while it opens. On an exit message
/// it refuses new shards, tells the keeper to give up what it has not stored
/// yet and to exit, and exits once the keeper is down. If the keeper exits by
/// itself, the yarn graph exits for the same reason.
class yarn_graph {
public:
  static constexpr const char* name = "yarn";

  yarn_graph(owned_yarn_actor::base* self, const memory_options& options,
             bool own_thread, start_progress_sink on_progress)
    : self_(self) {
    self_->set_down_handler([this](const caf::down_msg& x) { ended(x); });
    self_->set_exit_handler([this](const caf::exit_msg& x) { end(x.reason); });
    auto me = caf::actor_cast<caf::actor_addr>(self_);
    try {
      keeper_ = spawn_state_on<keeper, keeper_actor>(
        own_thread, self_->system(), options, me, stop_.get_token(),
        std::move(on_progress));
      self_->monitor(keeper_);
    } catch (const std::system_error& e) {
      self_->quit(refused_by_system(e));
    }
  }

  ~yarn_graph() { stop_.request_stop(); }

  owned_yarn_actor::behavior_type make_behavior() {
    if (keeper_)
      self_->request(keeper_, caf::infinite, open_store{})
        .then([this](memory_state& x) { opened(x); },
              [this](caf::error& err) { end(std::move(err)); });
    return {[this](remember_request& x) { return remember(std::move(x)); },
            [this](recall_request& x) {
              return when_open<recall_result>(
                [this, x = std::move(x)] { return recall(x); });
            },
            [this](yarn_status_query) {
              return when_open<yarn_status>([this] { return status(); });
            },
            [this](snapshot_query) {
              return when_open<index_snapshot>(
                [this] { return index_snapshot{index_}; });
            },
            [this](copy_store& x) {
              return self_->delegate(keeper_, std::move(x));
            }};
  }

private:
  // -- lifecycle ----------------------------------------------------------------

  void opened(memory_state& x) {
    index_ = std::move(x.index);
    durable_ = x.durable;
    for (auto& answer : std::exchange(waiting_, {}))
      answer(caf::error{});
  }

  void end(caf::error reason) {
    if (end_)
      return;
    end_ = std::move(reason);
    stop_.request_stop();
    exit_high(keeper_, caf::exit_reason::user_shutdown);
  }

  void ended(const caf::down_msg& x) {
    if (!end_)
      end_ = x.reason;
    auto why =
      failure(errc::shutting_down, "the memory closed before it could answer");
    for (auto& answer : std::exchange(waiting_, {}))
      answer(why);
    self_->quit(*end_);
  }

  // -- requests -----------------------------------------------------------------

  /// Answers with `f()`, once the store is open.
  template <class T, class F>
  caf::result<T> when_open(F f) {
    if (index_)
      return f();
    auto promise = self_->template make_response_promise<T>();
    waiting_.push_back([promise, f](const caf::error& err) mutable {
      if (err)
        promise.deliver(err);
      else
        promise.deliver(f());
    });
    return promise;
  }

  caf::result<remember_ack> remember(remember_request x) {
    if (end_)
      return failure(errc::shutting_down,
                     "the memory is closing and takes no more shards");
    auto promise = self_->make_response_promise<remember_ack>();
    self_->request(keeper_, caf::infinite, std::move(x))
      .then(
        [this, promise](memory_state& now) mutable {
          index_ = std::move(now.index);
          problem_.clear();
          promise.deliver(now.ack);
        },
        [this, promise](caf::error& err) mutable {
          promise.deliver(refused(std::move(err)));
        });
    return promise;
  }

  caf::error refused(caf::error err) {
    auto code = code_of(err);
    if (code == errc::crashed)
      return failure(errc::shutting_down,
                     "the memory closed before this was remembered");
    if (code != errc::invalid_shard && code != errc::overloaded
        && code != errc::shutting_down)
      problem_ = explain(err);
    return err;
  }

  recall_result recall(const recall_request& x) const {
    search_options how;
    how.limit = x.limit > 0 ? static_cast<std::size_t>(x.limit) : 0;
    recall_result result;
    for (const auto& found : index_->search(index_->view(x.text), how))
      result.hits.push_back({index_->at(found.which), found.score});
    return result;
  }

  yarn_status status() const {
    return {static_cast<std::int64_t>(index_->size()), !problem_.empty(),
            problem_, durable_};
  }

  owned_yarn_actor::base* self_;
  /// Ends the work of the keeper that takes long.
  std::stop_source stop_;
  keeper_actor keeper_;
  /// Null until the store is open.
  shard_index_ptr index_;
  bool durable_ = true;
  /// The error of the last attempt to remember; empty if it succeeded.
  std::string problem_;
  /// Requests that wait for the store; called with the error if it fails.
  std::vector<std::function<void(const caf::error&)>> waiting_;
  /// The reason to exit, once it is closing.
  std::optional<caf::error> end_;
};

} // namespace

owned_yarn_actor spawn_yarn_graph(caf::actor_system& system,
                                  memory_options options, bool own_thread,
                                  start_progress_sink on_progress) {
  return spawn_state_on<yarn_graph, owned_yarn_actor>(
    own_thread, system, std::move(options), own_thread, std::move(on_progress));
}

} // namespace hololoom
