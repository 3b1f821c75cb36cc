#pragma once

#include <hololoom/messages/features.hpp>
#include <hololoom/messages/query.hpp>
#include <hololoom/messages/shuttle.hpp>
#include <hololoom/messages/spacetime.hpp>

#include <caf/type_id.hpp>

// Queries, what is woven from them, and the shuttle: ids 1000 to 1099.

CAF_BEGIN_TYPE_ID_BLOCK(hololoom_shuttle, 1000)

  CAF_ADD_TYPE_ID(hololoom_shuttle, (hololoom::attributes))
  CAF_ADD_TYPE_ID(hololoom_shuttle, (hololoom::query))
  CAF_ADD_TYPE_ID(hololoom_shuttle, (hololoom::features))
  CAF_ADD_TYPE_ID(hololoom_shuttle, (hololoom::action_plan))
  CAF_ADD_TYPE_ID(hololoom_shuttle, (hololoom::weaving_trace))
  CAF_ADD_TYPE_ID(hololoom_shuttle, (hololoom::spacetime))
  CAF_ADD_TYPE_ID(hololoom_shuttle, (hololoom::weave_request))
  CAF_ADD_TYPE_ID(hololoom_shuttle, (hololoom::shuttle_status_query))
  CAF_ADD_TYPE_ID(hololoom_shuttle, (hololoom::shuttle_status))

CAF_END_TYPE_ID_BLOCK(hololoom_shuttle)
