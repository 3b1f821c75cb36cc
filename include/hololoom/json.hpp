#pragma once

#include <hololoom/messages/json/read.hpp>
#include <hololoom/messages/json/value.hpp>
#include <hololoom/messages/json/write.hpp>

/// Messages, reports and configs as JSON. It costs its readers a JSON library,
/// therefore no other header includes it.
