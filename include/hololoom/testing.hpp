#pragma once

#include <hololoom/messages/caf/virtual_time.hpp>

/// Actors on a virtual clock, for tests: an actor system whose time passes when
/// the test says so.
