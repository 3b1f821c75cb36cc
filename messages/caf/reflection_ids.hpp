#pragma once

#include <hololoom/messages/caf/lifecycle_ids.hpp>
#include <hololoom/messages/episode.hpp>
#include <hololoom/messages/reflection.hpp>

#include <caf/type_id.hpp>

// Episodes, what is learned from them, and the buffer: ids 1100 to 1199. What
// the buffer says to a cascade has its ids in the lifecycle's block.

CAF_BEGIN_TYPE_ID_BLOCK(hololoom_reflection, 1100)

  CAF_ADD_TYPE_ID(hololoom_reflection, (hololoom::feedback))
  CAF_ADD_TYPE_ID(hololoom_reflection, (hololoom::episode))
  CAF_ADD_TYPE_ID(hololoom_reflection, (hololoom::reflection_metrics))
  CAF_ADD_TYPE_ID(hololoom_reflection, (hololoom::policy_snapshot))
  CAF_ADD_TYPE_ID(hololoom_reflection, (hololoom::learning_signal))
  CAF_ADD_TYPE_ID(hololoom_reflection, (hololoom::reflect_request))
  CAF_ADD_TYPE_ID(hololoom_reflection, (hololoom::reflect_on_request))
  CAF_ADD_TYPE_ID(hololoom_reflection, (hololoom::reflect_ack))
  CAF_ADD_TYPE_ID(hololoom_reflection, (hololoom::record_request))
  CAF_ADD_TYPE_ID(hololoom_reflection, (hololoom::record_ack))
  CAF_ADD_TYPE_ID(hololoom_reflection, (hololoom::metrics_query))
  CAF_ADD_TYPE_ID(hololoom_reflection, (hololoom::policy_query))
  CAF_ADD_TYPE_ID(hololoom_reflection, (hololoom::episodes_query))
  CAF_ADD_TYPE_ID(hololoom_reflection, (hololoom::episode_page))
  CAF_ADD_TYPE_ID(hololoom_reflection, (hololoom::learn_request))
  CAF_ADD_TYPE_ID(hololoom_reflection, (hololoom::learned))
  CAF_ADD_TYPE_ID(hololoom_reflection, (hololoom::import_request))
  CAF_ADD_TYPE_ID(hololoom_reflection, (hololoom::policy_subscription))
  CAF_ADD_TYPE_ID(hololoom_reflection, (hololoom::consolidate_request))
  CAF_ADD_TYPE_ID(hololoom_reflection, (hololoom::consolidation_report))

CAF_END_TYPE_ID_BLOCK(hololoom_reflection)
