#include <hololoom/actors/shuttle/tools/tool.hpp>

#include <algorithm>
#include <utility>

namespace hololoom {

tool::~tool() = default;

std::string source_of(const shard& found) {
  return found.metadata.text("source", found.id);
}

caf::error tool_registry::add(tool_ptr x) {
  if (!x)
    return failure(errc::invalid_config, "cannot register a tool that is null");
  std::string name{x->name()};
  if (name.empty() || name == "error")
    return failure(errc::invalid_config,
                   "cannot register a tool as \"" + name
                     + "\": a tool needs a name, and \"error\" marks failed "
                       "weaves");
  if (find(name))
    return failure(errc::invalid_config,
                   "a tool \"" + name + "\" is registered already");
  tools_.push_back(std::move(x));
  return {};
}

tool_ptr tool_registry::find(std::string_view name) const {
  auto i = std::find_if(tools_.begin(), tools_.end(),
                        [&](const tool_ptr& x) { return x->name() == name; });
  return i == tools_.end() ? nullptr : *i;
}

tool_registry builtin_tools() {
  tool_registry result;
  for (auto make :
       {make_answer_tool, make_search_tool, make_calc_tool, make_note_tool})
    result.add(make());
  return result;
}

} // namespace hololoom
