// expected: the target takes no such message: see its `answers`
#include <hololoom/actors/supervision/ask.hpp>

using namespace hololoom;
using namespace std::chrono_literals;

struct letter {};
struct parcel {};

using postman_actor = caf::typed_actor<answers<std::string, letter>>;

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(letter)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parcel)

auto ask(caf::actor_system& system, postman_actor to) {
#ifdef WRONG
  return ask_and_wait(system, to, 1s, parcel{});
#else
  return ask_and_wait(system, to, 1s, letter{});
#endif
}
