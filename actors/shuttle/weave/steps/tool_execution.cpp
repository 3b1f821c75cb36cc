#include <hololoom/actors/shuttle/weave/steps/steps.hpp>

#include <algorithm>
#include <cmath>
#include <exception>

namespace hololoom {

caf::expected<tool_result> execute_tool(const tool_registry& tools,
                                        const std::string& name,
                                        const tool_input& in) {
  auto chosen = tools.find(name);
  if (!chosen)
    return failure(errc::unknown_tool,
                   "no tool \"" + name + "\" is registered");
  // A user's tool may throw anything; the weave continues.
  try {
    auto result = chosen->run(in);
    if (result)
      result->confidence = std::isfinite(result->confidence)
                           ? std::clamp(result->confidence, 0.0, 1.0)
                           : 0.0;
    return result;
  } catch (const std::exception& e) {
    return failure(errc::internal,
                   "the tool \"" + name + "\" threw: " + e.what());
  } catch (...) {
    return failure(errc::internal, "the tool \"" + name
                                     + "\" threw something other than a "
                                       "std::exception");
  }
}

} // namespace hololoom
