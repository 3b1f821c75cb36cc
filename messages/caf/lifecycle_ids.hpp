#pragma once

#include <hololoom/messages/flush.hpp>
#include <hololoom/messages/lifecycle.hpp>

#include <caf/type_id.hpp>

// Supervisors, the cascade and their subscribers: ids 1300 to 1399.

CAF_BEGIN_TYPE_ID_BLOCK(hololoom_lifecycle, 1300)

  CAF_ADD_TYPE_ID(hololoom_lifecycle, (hololoom::lifecycle_event))
  CAF_ADD_TYPE_ID(hololoom_lifecycle, (hololoom::shutdown_report))
  CAF_ADD_TYPE_ID(hololoom_lifecycle, (hololoom::tree_snapshot))
  CAF_ADD_TYPE_ID(hololoom_lifecycle, (hololoom::flush_request))
  CAF_ADD_TYPE_ID(hololoom_lifecycle, (hololoom::flush_progress))
  CAF_ADD_TYPE_ID(hololoom_lifecycle, (hololoom::flush_ack))
  CAF_ADD_TYPE_ID(hololoom_lifecycle, (hololoom::reflection_status_query))
  CAF_ADD_TYPE_ID(hololoom_lifecycle, (hololoom::reflection_status))

CAF_END_TYPE_ID_BLOCK(hololoom_lifecycle)
