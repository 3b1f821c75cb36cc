#pragma once

#include <hololoom/messages/shard.hpp>
#include <hololoom/messages/yarn.hpp>

#include <caf/type_id.hpp>

// Shards and the yarn graph: ids 1200 to 1299.

CAF_BEGIN_TYPE_ID_BLOCK(hololoom_memory, 1200)

  CAF_ADD_TYPE_ID(hololoom_memory, (hololoom::shard))
  CAF_ADD_TYPE_ID(hololoom_memory, (hololoom::remember_request))
  CAF_ADD_TYPE_ID(hololoom_memory, (hololoom::remember_ack))
  CAF_ADD_TYPE_ID(hololoom_memory, (hololoom::recall_request))
  CAF_ADD_TYPE_ID(hololoom_memory, (hololoom::recall_result))
  CAF_ADD_TYPE_ID(hololoom_memory, (hololoom::yarn_status_query))
  CAF_ADD_TYPE_ID(hololoom_memory, (hololoom::yarn_status))

CAF_END_TYPE_ID_BLOCK(hololoom_memory)
