#include <hololoom/actors/shuttle/tools/tool.hpp>

#include <algorithm>
#include <cassert>
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

namespace {

class made_tool final : public tool {
public:
  made_tool(std::string name,
            std::function<double(const query&, const features&)> cue,
            std::function<caf::expected<tool_result>(const tool_input&)> run)
    : name_(std::move(name)), cue_(std::move(cue)), run_(std::move(run)) {}

  std::string_view name() const override { return name_; }
  double cue(const query& asked, const features& seen) const override {
    return cue_(asked, seen);
  }
  caf::expected<tool_result> run(const tool_input& in) const override {
    return run_(in);
  }

private:
  std::string name_;
  std::function<double(const query&, const features&)> cue_;
  std::function<caf::expected<tool_result>(const tool_input&)> run_;
};

} // namespace

tool_ptr
make_tool(std::string name,
          std::function<double(const query&, const features&)> cue,
          std::function<caf::expected<tool_result>(const tool_input&)> run) {
  if (!cue || !run)
    return nullptr;
  return std::make_shared<made_tool>(std::move(name), std::move(cue),
                                     std::move(run));
}

tool_registry builtin_tools() {
  tool_registry result;
  for (auto make :
       {make_answer_tool, make_search_tool, make_calc_tool, make_note_tool}) {
    [[maybe_unused]] auto refused = result.add(make());
    assert(!refused);
  }
  return result;
}

} // namespace hololoom
