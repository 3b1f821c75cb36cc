#include <hololoom/actors/reflection/transfer/import_pipeline.hpp>
#include <hololoom/messages/caf/local_message.hpp>
#include <hololoom/messages/caf/reflection_ids.hpp>
#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/sync.hpp>

#include <caf/actor_clock.hpp>
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>

#include <cassert>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

namespace hololoom {

namespace {

/// How long requests that are in flight at a stop are waited for.
constexpr auto patience_at_stop = std::chrono::seconds{2};

/// How often the pipeline looks for a buffer that is gone.
constexpr auto look_interval = std::chrono::milliseconds{50};

/// The most bytes of text in flight; a longer request goes alone.
constexpr std::size_t most_bytes = 64 << 20;

struct import_job {
  import_pipeline::request what;
  import_pipeline::callback then;
  std::size_t bytes = 0;
  int times_lost = 0; ///< How often it was lost with a buffer.
};

using import_job_ptr = std::shared_ptr<import_job>;

struct submission {
  import_job_ptr what;
};

struct look_again {};

struct pipeline_done {};

/// The requests in flight fail: at once, or after a while.
struct give_up {
  bool at_once = false;
};

} // namespace

} // namespace hololoom

HOLOLOOM_LOCAL_MESSAGE(1754, hololoom::submission)
HOLOLOOM_LOCAL_MESSAGE(1755, hololoom::look_again)
HOLOLOOM_LOCAL_MESSAGE(1756, hololoom::pipeline_done)
HOLOLOOM_LOCAL_MESSAGE(1757, hololoom::give_up)

namespace hololoom {

/// Limits the requests in flight.
struct import_pipeline::limiter {
  explicit limiter(std::size_t most) : most_(most) {}

  void enter(std::size_t size) {
    unique_lock guard{mutex_};
    while (count_ > 0 && (count_ >= most_ || bytes_ + size > most_bytes))
      changed_.wait(guard);
    ++count_;
    bytes_ += size;
  }

  void leave(std::size_t size) {
    lock_guard guard{mutex_};
    assert(count_ > 0 && bytes_ >= size);
    --count_;
    bytes_ -= size;
    changed_.notify_all();
  }

  void wait_until_empty() {
    unique_lock guard{mutex_};
    while (count_ > 0)
      changed_.wait(guard);
  }

private:
  const std::size_t most_;
  mutex mutex_;
  condition changed_;
  std::size_t count_ HOLOLOOM_GUARDED_BY(mutex_) = 0;
  std::size_t bytes_ HOLOLOOM_GUARDED_BY(mutex_) = 0;
};

namespace {

/// Whether the request was lost: the buffer was gone, ended before the request
/// was durable, or is about to end. An exception does not count: the request
/// itself may have caused it.
bool lost(const caf::error& err) {
  return err == caf::sec::request_receiver_down || is(err, errc::crashed)
      || is(err, errc::sealed);
}

caf::error called_off() {
  return failure(errc::cancelled,
                 "the import was stopped before it was known to be stored; "
                 "import it again: what is stored is not stored twice");
}

caf::error without_buffer() {
  return failure(errc::unavailable,
                 "the reflection buffer went down and has not come back; "
                 "import it again then: what is stored is not stored twice");
}

/// Sends the requests. Owned by its pipeline, which ends it when none is in
/// flight.
class import_asker {
public:
  static constexpr const char* name = "import";

  import_asker(caf::event_based_actor* self, buffer_lookup find,
               std::chrono::milliseconds patience,
               std::function<void(std::size_t)> answered)
    : self_(self),
      find_(std::move(find)),
      patience_(patience),
      answered_(std::move(answered)) {}

  caf::behavior make_behavior() {
    return {
      [this](const submission& x) {
        in_flight_.insert(x.what);
        ask(x.what);
      },
      [this](look_again) {
        for (const auto& x : std::exchange(waiting_, {}))
          ask(x);
      },
      [this](give_up x) {
        if (x.at_once)
          abandon();
        else
          self_->delayed_send(self_, patience_at_stop, give_up{true});
      },
      [this](pipeline_done) { self_->quit(); },
    };
  }

private:
  void ask(const import_job_ptr& x) {
    if (gave_up_)
      return answer(x, called_off());
    auto buffer = find_();
    if (!buffer)
      return wait_for_buffer(x);
    gone_since_.reset();
    auto send = [&](const auto& question) {
      self_->request(buffer, caf::infinite, question)
        .then([this, x](reflect_ack& ack) { answer(x, std::move(ack)); },
              [this, x](caf::error& err) {
                // A buffer that keeps ending before it answers never will.
                if (lost(err) && ++x->times_lost <= patience_ / look_interval)
                  ask_later(x);
                else
                  answer(x, std::move(err));
              });
    };
    std::visit(send, x->what);
  }

  /// Tries again soon, unless there has been no buffer for too long.
  void wait_for_buffer(const import_job_ptr& x) {
    auto now = self_->clock().now();
    if (!gone_since_)
      gone_since_ = now;
    if (now - *gone_since_ >= patience_)
      answer(x, without_buffer());
    else
      ask_later(x);
  }

  void ask_later(const import_job_ptr& x) {
    if (waiting_.empty())
      self_->delayed_send(self_, look_interval, look_again{});
    waiting_.push_back(x);
  }

  /// Has no effect on a request that was given up.
  void answer(const import_job_ptr& x, const caf::expected<reflect_ack>& said) {
    if (in_flight_.erase(x) == 0)
      return;
    x->then(said);
    answered_(x->bytes);
  }

  void abandon() {
    gave_up_ = true;
    waiting_.clear();
    while (!in_flight_.empty()) {
      auto x = *in_flight_.begin();
      answer(x, called_off());
    }
  }

  caf::event_based_actor* self_;
  buffer_lookup find_;
  std::chrono::milliseconds patience_;
  std::function<void(std::size_t)> answered_;
  std::unordered_set<import_job_ptr> in_flight_;
  std::vector<import_job_ptr> waiting_;
  bool gave_up_ = false;
  std::optional<caf::actor_clock::time_point> gone_since_;
};

} // namespace

import_pipeline::import_pipeline(caf::actor_system& system, buffer_lookup find,
                                 std::size_t most_in_flight,
                                 std::chrono::milliseconds patience,
                                 const std::stop_token& stop)
  : limiter_(
    std::make_shared<limiter>(most_in_flight == 0 ? 1 : most_in_flight)),
    asker_(spawn_state<import_asker, caf::actor>(
      system, std::move(find), patience,
      [l = limiter_](std::size_t bytes) { l->leave(bytes); })),
    on_stop_(stop, [asker = asker_] { caf::anon_send(asker, give_up{}); }) {}

import_pipeline::~import_pipeline() {
  drain();
  caf::anon_send(asker_, pipeline_done{});
}

void import_pipeline::store(request x, callback then, std::size_t bytes) {
  limiter_->enter(bytes);
  caf::anon_send(asker_, submission{std::make_shared<import_job>(
                           import_job{std::move(x), std::move(then), bytes})});
}

void import_pipeline::drain() {
  limiter_->wait_until_empty();
}

} // namespace hololoom
