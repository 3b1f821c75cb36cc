#pragma once

#include <hololoom/messages/sync.hpp>

#include <caf/actor.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/fwd.hpp>

#include <map>
#include <memory>
#include <string>

namespace hololoom {

class directory;

/// Actors that stand in for children of a tree, so that a handle stays good
/// over their restarts. A stand-in passes messages on to the current
/// incarnation, exit messages included, and answers requests with
/// `errc::unavailable` while there is none. Who monitors it hears nothing of
/// restarts. Thread-safe.
class stand_ins {
public:
  stand_ins() = default;
  stand_ins(const stand_ins&) = delete;
  stand_ins& operator=(const stand_ins&) = delete;
  ~stand_ins() { end(); }

  /// The stand-in for the child at `path`, which need not run.
  /// @returns null after `close`.
  caf::strong_actor_ptr get(caf::actor_system& system,
                            std::weak_ptr<const directory> names,
                            const std::string& path);

  /// Ends all: an actor system waits for its actors.
  void end();

  /// Ends all, for good.
  void close();

private:
  mutex mutex_;
  bool over_ HOLOLOOM_GUARDED_BY(mutex_) = false;
  std::map<std::string, caf::actor> actors_ HOLOLOOM_GUARDED_BY(mutex_);
};

} // namespace hololoom
