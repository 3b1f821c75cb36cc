#pragma once

#include <caf/allowed_unsafe_message_type.hpp>

namespace hololoom::detail {

/// The local message with this number: specialised once a number, so that two
/// messages of one number do not compile in one source.
template <int Number>
struct local_message;

} // namespace hololoom::detail

/// Declares a message type that never leaves the process: it can be sent, and
/// CAF refuses to serialise it. Used outside all namespaces.
///
/// `number`, the type's id in CAF 1.x, is unique in a program: 1500 to 1999 are
/// HoloLoom's, in a range for each folder; a program's own start at 2000.
#define HOLOLOOM_LOCAL_MESSAGE(number, ...)                                    \
  CAF_ALLOW_UNSAFE_MESSAGE_TYPE(__VA_ARGS__)                                   \
  template <>                                                                  \
  struct hololoom::detail::local_message<number> {                             \
    using type = __VA_ARGS__;                                                  \
  };
