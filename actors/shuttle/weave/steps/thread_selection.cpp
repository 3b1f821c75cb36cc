#include <hololoom/actors/shuttle/weave/steps/steps.hpp>

#include <utility>

namespace hololoom {

thread_selection choose_threads(const shard_index& memory,
                                const query_view& view,
                                const window_setup& when, std::size_t cap) {
  thread_selection result;
  result.threads = memory.select_threads(view, when.window, cap);
  if (!result.threads.empty() || !when.narrowed || memory.size() == 0)
    return result;
  auto wider = when.window;
  wider.start = timestamp{};
  wider.max_age = wider.end - wider.start;
  result.threads = memory.select_threads(view, wider, cap);
  if (!result.threads.empty())
    result.warnings.emplace_back("the memory holds nothing recent, so all of "
                                 "it was searched");
  return result;
}

} // namespace hololoom
