#pragma once

#include <hololoom/actors/supervision/ask.hpp>
#include <hololoom/actors/supervision/cascade.hpp>
#include <hololoom/actors/supervision/cascade/end_within.hpp>
#include <hololoom/actors/supervision/child.hpp>
#include <hololoom/actors/supervision/child_spec.hpp>
#include <hololoom/actors/supervision/directory.hpp>
#include <hololoom/actors/supervision/events.hpp>
#include <hololoom/actors/supervision/options.hpp>
#include <hololoom/actors/supervision/protocol.hpp>
#include <hololoom/actors/supervision/shutdown_hook.hpp>
#include <hololoom/actors/supervision/supervisor.hpp>
#include <hololoom/actors/workers/background.hpp>
#include <hololoom/actors/workers/coroutine/task.hpp>
#include <hololoom/actors/workers/coroutine/task_context.hpp>
#include <hololoom/actors/workers/process/process.hpp>
#include <hololoom/messages/caf/compat.hpp>
#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/messages/caf/local_message.hpp>
#include <hololoom/messages/caf/type_ids.hpp>
#include <hololoom/messages/describe.hpp>
#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/lifecycle.hpp>
#include <hololoom/messages/time.hpp>

/// Supervision and workers, in any CAF actor system: what a program that links
/// `hololoom::supervision` includes.
///
/// A header is public when supervision.hpp, hololoom.hpp, json.hpp or
/// testing.hpp beside it includes it by name. An installation has these and
/// what they include in turn; all other headers are internal, and stay in the
/// source tree.
