#pragma once

#include "reflection/make.hpp"

#include <hololoom/actors/reflection/buffer.hpp>
#include <hololoom/messages/caf/actor_system.hpp>
#include <hololoom/messages/caf/type_ids.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>

namespace hololoom::test {

struct system_config : caf::actor_system_config {
  system_config() {
    register_types(*this);
    set_threads(*this, 2);
  }
};

/// A buffer on the real scheduler; ended with the object.
class running_buffer {
public:
  explicit running_buffer(
    reflection_options options, std::shared_ptr<disk_hooks> hooks = nullptr,
    std::function<void(const std::string&, bool)> on_finding = nullptr) {
    reflection_surroundings around;
    around.hooks = std::move(hooks);
    around.on_finding = std::move(on_finding);
    start(std::move(options), std::move(around));
  }

  void start(reflection_options options, reflection_surroundings around) {
    auto opened = std::make_shared<std::promise<caf::error>>();
    opened_ = opened->get_future();
    around.on_opened = [opened](const caf::error& x) {
      opened->set_value(x);
    };
    handle_ =
      spawn_reflection_buffer(system_, std::move(options), std::move(around));
  }

  ~running_buffer() { stop(caf::exit_reason::user_shutdown); }

  /// Waits for the opening; returns why it failed, or none. Call it once.
  caf::error opened() { return opened_.get(); }

  template <class Ack, class Request>
  caf::expected<Ack> ask(Request x) {
    caf::scoped_actor self{system_};
    caf::expected<Ack> result{caf::error{}};
    self->request(handle_, caf::infinite, std::move(x))
      .receive([&](Ack& ack) { result = std::move(ack); },
               [&](caf::error& err) { result = std::move(err); });
    return result;
  }

  void stop(caf::exit_reason reason) {
    if (!handle_)
      return;
    caf::scoped_actor self{system_};
    self->monitor(handle_);
    caf::anon_send_exit(handle_, reason);
    self->receive([&](const caf::down_msg& x) { ended_ = x.reason; });
    handle_ = nullptr;
  }

  const caf::error& ended() const { return ended_; }
  const reflection_actor& handle() const { return handle_; }
  caf::actor_system& system() { return system_; }

  /// Always returns this buffer, even after it has ended.
  auto lookup() const {
    return [found = handle_] {
      return found;
    };
  }

private:
  system_config config_;
  caf::actor_system system_{config_};
  reflection_actor handle_;
  std::future<caf::error> opened_;
  caf::error ended_;
};

inline reflection_options options_in(const scratch_directory& dir) {
  reflection_options result;
  result.directory = dir.path().string();
  result.analysis_interval = millis{0};
  return result;
}

inline reflect_request reflection(const std::string& query,
                                  const std::string& tool, double confidence,
                                  maybe<feedback> said = nothing) {
  reflect_request result;
  result.woven = woven(query, tool, confidence);
  result.said = std::move(said);
  return result;
}

} // namespace hololoom::test
