#include <hololoom/actors/shuttle/tools/tool_call.hpp>
#include <hololoom/actors/shuttle/weave/steps/steps.hpp>

#include <algorithm>
#include <cmath>

namespace hololoom {

caf::expected<tool_result> execute_tool(const tool_registry& tools,
                                        const std::string& name,
                                        const tool_input& in) {
  auto chosen = tools.find(name);
  if (!chosen)
    return failure(errc::unknown_tool,
                   "no tool \"" + name + "\" is registered");
  auto result = call_tool(name, "run", [&] { return chosen->run(in); });
  if (result)
    result->confidence = std::isfinite(result->confidence)
                         ? std::clamp(result->confidence, 0.0, 1.0)
                         : 0.0;
  return result;
}

} // namespace hololoom
