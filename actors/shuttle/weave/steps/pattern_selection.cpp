#include <hololoom/actors/shuttle/weave/steps/steps.hpp>

#include <algorithm>
#include <utility>

namespace hololoom {

card_selection select_card(const weave_request& request,
                           const policy_snapshot& learned,
                           const shuttle_options& options) {
  constexpr millis tight{5000};
  constexpr millis unlimited{1e12};
  card_choice_input in;
  in.query_text = request.asked.text;
  in.configured = options.card;
  if (request.card)
    in.preference = *request.card;
  if (learned.preferred_card)
    in.learned = parse_card(*learned.preferred_card);
  in.remaining = request.deadline ? *request.deadline : unlimited;
  if (request.deadline && *request.deadline <= tight)
    in.max_timeout = *request.deadline;
  card_selection result;
  result.choice = select_pattern(in);
  result.automatic = result.choice.reason.compare(0, 5, "user_") != 0
                  && result.choice.reason.compare(0, 7, "config_") != 0;
  result.card = restrict_scales(card_for(result.choice.kind), options.scales);
  auto wanted =
    request.deadline ? *request.deadline : result.card.pipeline_timeout;
  result.deadline = std::clamp(wanted, millis{0}, options.max_deadline);
  return result;
}

} // namespace hololoom
