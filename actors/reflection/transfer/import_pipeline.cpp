#include <hololoom/actors/reflection/transfer/import_pipeline.hpp>
#include <hololoom/messages/caf/local_message.hpp>
#include <hololoom/messages/caf/type_ids.hpp>
#include <hololoom/messages/errc.hpp>

#include <caf/actor_clock.hpp>
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace hololoom {

namespace {

/// How soon a buffer that is gone is looked for again.
constexpr auto look_interval = std::chrono::milliseconds{50};

/// Text that may be under way; a longer one goes alone.
constexpr std::size_t most_bytes = 64 << 20;

struct import_job {
  import_pipeline::request what;
  import_pipeline::callback then;
  std::size_t bytes = 0;
  int losses = 0; ///< How often a buffer took it along.
};

using import_job_ptr = std::shared_ptr<import_job>;

struct submission {
  import_job_ptr what;
};

struct look_again {};

struct pipeline_done {};

} // namespace

} // namespace hololoom

HOLOLOOM_LOCAL_MESSAGE(1754, hololoom::submission)
HOLOLOOM_LOCAL_MESSAGE(1755, hololoom::look_again)
HOLOLOOM_LOCAL_MESSAGE(1756, hololoom::pipeline_done)

namespace hololoom {

/// Counts what is under way.
struct import_pipeline::gate {
  explicit gate(std::size_t most) : limit(most) {}

  void enter(std::size_t size) {
    std::unique_lock guard{mutex};
    changed.wait(guard, [&] {
      return count == 0 || (count < limit && bytes + size <= most_bytes);
    });
    ++count;
    bytes += size;
  }

  void leave(std::size_t size) {
    std::lock_guard guard{mutex};
    --count;
    bytes -= size;
    changed.notify_all();
  }

  void wait_until_empty() {
    std::unique_lock guard{mutex};
    changed.wait(guard, [this] { return count == 0; });
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::size_t count = 0;
  std::size_t bytes = 0;
  std::size_t limit;
};

namespace {

/// Whether nobody has worked on the request, or whoever did has ended before it
/// was on disk, or is about to end. One that an exception ended is not meant:
/// the request itself may have been the reason.
bool lost(const caf::error& err) {
  return err == caf::sec::request_receiver_down || is(err, errc::crashed)
      || is(err, errc::sealed);
}

caf::error without_buffer() {
  return failure(errc::unavailable,
                 "the reflection buffer went down and has not come back; "
                 "import it again then: what is stored is not stored twice");
}

/// Speaks with the buffer. Owned by its pipeline, which ends it when nothing is
/// under way.
class import_asker {
public:
  static constexpr const char* name = "import";

  import_asker(caf::event_based_actor* self, buffer_lookup find,
               std::chrono::milliseconds patience,
               std::function<void(std::size_t)> over)
    : self_(self),
      find_(std::move(find)),
      patience_(patience),
      over_(std::move(over)) {}

  caf::behavior make_behavior() {
    return {
      [this](const submission& x) { ask(x.what); },
      [this](look_again) {
        for (const auto& x : std::exchange(waiting_, {}))
          ask(x);
      },
      [this](pipeline_done) { self_->quit(); },
    };
  }

private:
  void ask(const import_job_ptr& x) {
    auto buffer = find_();
    if (!buffer)
      return wait_for_buffer(x);
    gone_since_.reset();
    auto send = [&](const auto& question) {
      self_->request(buffer, caf::infinite, question)
        .then([this, x](reflect_ack& ack) { answer(*x, std::move(ack)); },
              [this, x](caf::error& err) {
                // A buffer that never lasts until its answer will not answer.
                if (lost(err) && ++x->losses <= patience_ / look_interval)
                  ask_later(x);
                else
                  answer(*x, std::move(err));
              });
    };
    std::visit(send, x->what);
  }

  /// Nobody is there: in a moment there may be, unless it has been too long.
  void wait_for_buffer(const import_job_ptr& x) {
    auto now = self_->clock().now();
    if (!gone_since_)
      gone_since_ = now;
    if (now - *gone_since_ >= patience_)
      answer(*x, without_buffer());
    else
      ask_later(x);
  }

  void ask_later(const import_job_ptr& x) {
    if (waiting_.empty())
      self_->delayed_send(self_, look_interval, look_again{});
    waiting_.push_back(x);
  }

  void answer(const import_job& x, const caf::expected<reflect_ack>& said) {
    x.then(said);
    over_(x.bytes);
  }

  caf::event_based_actor* self_;
  buffer_lookup find_;
  std::chrono::milliseconds patience_;
  std::function<void(std::size_t)> over_;
  std::vector<import_job_ptr> waiting_;
  std::optional<caf::actor_clock::time_point> gone_since_;
};

} // namespace

import_pipeline::import_pipeline(caf::actor_system& system, buffer_lookup find,
                                 std::size_t under_way,
                                 std::chrono::milliseconds patience)
  : gate_(std::make_shared<gate>(under_way == 0 ? 1 : under_way)),
    asker_(spawn_state<import_asker, caf::actor>(
      system, std::move(find), patience,
      [g = gate_](std::size_t bytes) { g->leave(bytes); })) {}

import_pipeline::~import_pipeline() {
  drain();
  caf::anon_send(asker_, pipeline_done{});
}

void import_pipeline::store(request x, callback then, std::size_t bytes) {
  gate_->enter(bytes);
  caf::anon_send(asker_, submission{std::make_shared<import_job>(
                           import_job{std::move(x), std::move(then), bytes})});
}

void import_pipeline::drain() {
  gate_->wait_until_empty();
}

} // namespace hololoom
