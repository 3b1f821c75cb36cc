#pragma once

#include <memory>
#include <string>

namespace hololoom {

class directory;

namespace supervision {

/// Where a supervisor is: a base of its actor, which any thread may read while
/// it has a handle, whatever the supervisor is at.
struct tree_place {
  /// Weak: the directory may hold the actor, in its ledger.
  std::weak_ptr<directory> names;
  std::string path;
};

} // namespace supervision

} // namespace hololoom
