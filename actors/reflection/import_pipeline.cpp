#include <hololoom/actors/reflection/import_pipeline.hpp>
#include <hololoom/messages/type_ids.hpp>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <condition_variable>
#include <mutex>
#include <utility>

namespace hololoom {

namespace {

struct submission {
  std::shared_ptr<import_pipeline::request> what;
  std::shared_ptr<import_pipeline::callback> then;
};

struct pipeline_done {};

} // namespace

} // namespace hololoom

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(hololoom::submission)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(hololoom::pipeline_done)

namespace hololoom {

/// Counts what is under way.
struct import_pipeline::gate {
  explicit gate(std::size_t most) : limit(most) {}

  void enter() {
    std::unique_lock guard{mutex};
    changed.wait(guard, [this] { return count < limit; });
    ++count;
  }

  void leave() {
    std::lock_guard guard{mutex};
    --count;
    changed.notify_all();
  }

  void wait_until_empty() {
    std::unique_lock guard{mutex};
    changed.wait(guard, [this] { return count == 0; });
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::size_t count = 0;
  std::size_t limit;
};

import_pipeline::import_pipeline(caf::actor_system& system,
                                 reflection_actor buffer, std::size_t under_way)
  : gate_(std::make_shared<gate>(under_way == 0 ? 1 : under_way)) {
  auto g = gate_;
  asker_ = system.spawn([g, buffer](caf::event_based_actor* self) {
    return caf::behavior{
      [=](const submission& x) {
        auto then = x.then;
        auto ask = [&](auto question) {
          self->request(buffer, caf::infinite, std::move(question))
            .then(
              [g, then](reflect_ack& ack) {
                (*then)(std::move(ack));
                g->leave();
              },
              [g, then](caf::error& err) {
                (*then)(std::move(err));
                g->leave();
              });
        };
        std::visit(ask, std::move(*x.what));
      },
      [=](pipeline_done) { self->quit(); },
    };
  });
}

import_pipeline::~import_pipeline() {
  drain();
  caf::anon_send(asker_, pipeline_done{});
}

void import_pipeline::store(request x, callback then) {
  gate_->enter();
  caf::anon_send(asker_,
                 submission{std::make_shared<request>(std::move(x)),
                            std::make_shared<callback>(std::move(then))});
}

void import_pipeline::drain() {
  gate_->wait_until_empty();
}

} // namespace hololoom
