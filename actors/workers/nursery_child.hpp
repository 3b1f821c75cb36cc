#pragma once

#include <hololoom/actors/workers/nursery.hpp>

#include <functional>
#include <string>

namespace hololoom::detail {

using nursery_body = std::function<task(task_context, nursery)>;

/// A task with children as the child of a supervisor: a supervisor of its own,
/// which ends when the task does, with the task's error.
child_spec nursery_child(std::string name, nursery_body body,
                         nursery_options options);

} // namespace hololoom::detail
