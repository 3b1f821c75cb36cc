#include <hololoom/actors/shuttle/options.hpp>
#include <hololoom/actors/shuttle/weave/pattern_card.hpp>

#include <algorithm>
#include <cmath>
#include <functional>

namespace hololoom {

namespace {

caf::error wrong(const char* key, const char* expected) {
  return failure(errc::invalid_config,
                 "weave." + std::string{key} + " must be " + expected);
}

bool is_share(double x) {
  return std::isfinite(x) && x >= 0 && x <= 1;
}

} // namespace

caf::error check(const shuttle_options& o) {
  if (o.weavers < 0 || o.weavers > 1024)
    return wrong("weavers", "in 0..1024");
  if (o.max_under_way < 1)
    return wrong("max_under_way", "at least 1");
  if (o.max_waiting < 0)
    return wrong("max_waiting", "at least 0");
  if (!parse_card(o.card) && !is_auto(o.card))
    return wrong("card", "one of bare, fast, fused, auto");
  if (!is_share(o.epsilon))
    return wrong("epsilon", "in 0..1");
  if (!is_share(o.blend))
    return wrong("blend", "in 0..1");
  if (!std::isfinite(o.experience) || o.experience < 0)
    return wrong("experience", "at least 0");
  if (o.max_query_chars < 1)
    return wrong("max_query_chars", "at least 1");
  if (o.max_threads < 1)
    return wrong("max_threads", "at least 1");
  if (o.scales.empty() || o.scales.front() < 1
      || std::adjacent_find(o.scales.begin(), o.scales.end(),
                            std::greater_equal<>{})
           != o.scales.end())
    return wrong("scales", "a list of positive numbers, each greater than the "
                           "one before");
  if (!(o.max_deadline > millis{0}))
    return wrong("max_deadline_ms", "more than 0");
  if (!(o.stuck_margin >= millis{0}))
    return wrong("stuck_margin_ms", "at least 0");
  return {};
}

} // namespace hololoom
