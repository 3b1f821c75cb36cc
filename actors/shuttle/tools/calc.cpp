#include <hololoom/actors/shuttle/tools/expression.hpp>
#include <hololoom/actors/shuttle/tools/tool.hpp>
#include <hololoom/actors/shuttle/weave/prior.hpp>
#include <hololoom/messages/json/value.hpp>

#include <utility>

namespace hololoom {

namespace {

class calc_tool final : public tool {
public:
  std::string_view name() const override { return "calc"; }

  double cue(const query& asked, const features&) const override {
    switch (find_cues(asked.text).arithmetic) {
      case 2: return 6.5;
      case 1: return 0.0;
      default: return -4.0;
    }
  }

  caf::expected<tool_result> run(const tool_input& in) const override {
    auto expression = find_expression(in.asked.text);
    if (!expression)
      return failure(errc::invalid_expression,
                     "there is no arithmetic expression in the query; write "
                     "one like 12 * (3 + 4)");
    auto value = evaluate(*expression);
    if (!value)
      return std::move(value.error());
    tool_result result;
    result.response = *expression + " = " + format_number(*value);
    result.confidence = 1.0;
    result.details.set("expression", *expression);
    result.details.set("value", *value);
    return result;
  }
};

} // namespace

tool_ptr make_calc_tool() {
  return std::make_shared<calc_tool>();
}

} // namespace hololoom
