#include <hololoom/actors/supervision/directory.hpp>
#include <hololoom/actors/supervision/records/stand_ins.hpp>
#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/messages/caf/local_message.hpp>
#include <hololoom/messages/caf/pass_on.hpp>

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <utility>

namespace hololoom {

struct end_stand_in {};

} // namespace hololoom

HOLOLOOM_LOCAL_MESSAGE(1540, hololoom::end_stand_in)

namespace hololoom {

namespace {

caf::actor spawn_stand_in(caf::actor_system& system,
                          std::weak_ptr<const directory> names,
                          const std::string& path) {
  auto find = [names = std::move(names), path] {
    auto all = names.lock();
    return all ? all->find(path) : nullptr;
  };
  auto absent = [path] {
    return failure(errc::unavailable,
                   path + " does not run at the moment; try again later");
  };
  return system.spawn([find, absent](caf::event_based_actor* self) {
    self->set_exit_handler([find](caf::exit_msg& x) {
      if (auto child = find())
        exit_high(child, std::move(x.reason));
    });
    pass_on(self, find, absent);
    return caf::behavior{[self](const end_stand_in&) {
      self->quit();
    }};
  });
}

} // namespace

caf::strong_actor_ptr stand_ins::get(caf::actor_system& system,
                                     std::weak_ptr<const directory> names,
                                     const std::string& path) {
  lock_guard guard{mutex_};
  if (over_)
    return nullptr;
  auto& result = actors_[path];
  if (!result || is_down(caf::actor_cast<caf::strong_actor_ptr>(result)))
    result = spawn_stand_in(system, std::move(names), path);
  return caf::actor_cast<caf::strong_actor_ptr>(result);
}

void stand_ins::close() {
  {
    lock_guard guard{mutex_};
    over_ = true;
  }
  end();
}

void stand_ins::end() {
  std::map<std::string, caf::actor> all;
  {
    lock_guard guard{mutex_};
    all.swap(actors_);
  }
  for (const auto& [path, x] : all)
    caf::anon_send(x, end_stand_in{});
}

} // namespace hololoom
