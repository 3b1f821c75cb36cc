#pragma once

#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>
#include <caf/logger.hpp>

#include <cstddef>
#include <string>

// How an actor system is configured and left. CAF 1.x accepts the keys of
// 0.17.6 and ignores them.

namespace hololoom {

inline void set_threads(caf::actor_system_config& config, std::size_t count) {
  config.set("scheduler.max-threads", count);
}

/// How the scheduler's threads share work: "stealing", "sharing", or "testing"
/// for virtual time.
inline void set_policy(caf::actor_system_config& config,
                       const std::string& policy) {
  config.set("scheduler.policy", caf::atom_from_string(policy));
}

/// CAF prints no log of its own.
inline void be_quiet(caf::actor_system_config& config) {
  config.set("logger.verbosity", caf::atom("quiet"));
}

/// Makes this thread forget the actor system in which it last spawned. A
/// system's destructor waits for every thread that remembers it.
inline void forget_actor_system() {
  caf::logger::set_current_actor_system(nullptr);
}

} // namespace hololoom
