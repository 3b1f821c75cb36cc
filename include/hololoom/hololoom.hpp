#pragma once

#include <hololoom/actors/shuttle/tools/tool.hpp>
#include <hololoom/messages/caf/memory_ids.hpp>
#include <hololoom/messages/caf/reflection_ids.hpp>
#include <hololoom/messages/caf/shuttle_ids.hpp>
#include <hololoom/messages/episode.hpp>
#include <hololoom/messages/features.hpp>
#include <hololoom/messages/query.hpp>
#include <hololoom/messages/reflection.hpp>
#include <hololoom/messages/shard.hpp>
#include <hololoom/messages/shuttle.hpp>
#include <hololoom/messages/spacetime.hpp>
#include <hololoom/messages/yarn.hpp>
#include <hololoom/runtime/config.hpp>
#include <hololoom/runtime/finish.hpp>
#include <hololoom/runtime/loom.hpp>
#include <hololoom/runtime/signals.hpp>
#include <hololoom/supervision.hpp>

/// A loom and all that it speaks of: what a program that links
/// `hololoom::hololoom` includes.
