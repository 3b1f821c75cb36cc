#pragma once

#include <memory>
#include <string>

namespace hololoom {

class directory;

namespace supervision {

/// Where a supervisor is: a base of its actor, which any thread may read while
/// it has a handle, whatever the supervisor is at.
struct tree_place {
  std::shared_ptr<directory> names;
  std::string path;
};

} // namespace supervision

} // namespace hololoom
