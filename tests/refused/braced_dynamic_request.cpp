// expected: a braced temporary of a co_await twice: give the message a name
#include <hololoom/actors/workers/coroutine/task_context.hpp>

using namespace hololoom;
using namespace std::chrono_literals;

struct letter {
  std::string text;
};

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(letter)

task ask(task_context ctx, caf::actor to) {
#ifdef WRONG
  auto answer = co_await ctx.request<std::string>(to, 2s, letter{"text"});
#else
  letter named{"text"};
  auto answer = co_await ctx.request<std::string>(to, 2s, named);
#endif
}
