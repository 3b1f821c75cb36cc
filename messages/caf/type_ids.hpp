#pragma once

#include <hololoom/messages/episode.hpp>
#include <hololoom/messages/features.hpp>
#include <hololoom/messages/lifecycle.hpp>
#include <hololoom/messages/query.hpp>
#include <hololoom/messages/reflection.hpp>
#include <hololoom/messages/shard.hpp>
#include <hololoom/messages/shuttle.hpp>
#include <hololoom/messages/spacetime.hpp>
#include <hololoom/messages/yarn.hpp>

#include <caf/actor_system_config.hpp>
#include <caf/type_id.hpp>

// Every message that may cross a wire. Messages travel under their type's name:
// renaming a type or its namespace breaks old peers. Ids 1000 to 1399 are for
// these, 1400 is the error code's, from 1500 on are local messages; a program's
// own block starts at 2000.

CAF_BEGIN_TYPE_ID_BLOCK(hololoom, 1000)

  // -- the data model
  CAF_ADD_TYPE_ID(hololoom, (hololoom::attributes))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::query))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::shard))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::features))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::action_plan))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::weaving_trace))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::spacetime))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::feedback))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::episode))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::reflection_metrics))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::policy_snapshot))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::learning_signal))

  // -- the shuttle
  CAF_ADD_TYPE_ID(hololoom, (hololoom::weave_request))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::shuttle_status_query))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::shuttle_status))

  // -- the reflection buffer
  CAF_ADD_TYPE_ID(hololoom, (hololoom::reflect_request))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::reflect_on_request))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::reflect_ack))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::record_request))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::record_ack))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::metrics_query))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::policy_query))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::episodes_query))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::episode_page))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::learn_request))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::learned))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::flush_request))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::flush_progress))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::flush_ack))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::reflection_status_query))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::reflection_status))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::import_request))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::policy_subscription))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::consolidate_request))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::consolidation_report))

  // -- the yarn graph
  CAF_ADD_TYPE_ID(hololoom, (hololoom::remember_request))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::remember_ack))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::recall_request))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::recall_result))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::yarn_status_query))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::yarn_status))

  // -- lifecycle
  CAF_ADD_TYPE_ID(hololoom, (hololoom::lifecycle_event))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::shutdown_report))
  CAF_ADD_TYPE_ID(hololoom, (hololoom::tree_snapshot))

CAF_END_TYPE_ID_BLOCK(hololoom)

namespace hololoom {

/// Makes HoloLoom's messages and error category known to an actor system. A
/// program with an actor system of its own calls it on its config.
void register_types(caf::actor_system_config& config);

} // namespace hololoom
