#include <hololoom/actors/reflection/make_episode.hpp>
#include <hololoom/messages/uuid.hpp>

#include <utility>

namespace hololoom {

namespace {

constexpr std::size_t longest_id = 256;

caf::error ensure_id(std::string& id) {
  if (id.empty())
    id = make_uuid();
  if (id.size() > longest_id)
    return failure(errc::invalid_feedback, "the episode's id has "
                                             + std::to_string(id.size())
                                             + " bytes; at most 256 are taken");
  return {};
}

} // namespace

caf::expected<episode> make_episode(const reflection_options& options,
                                    reflect_request x) {
  if (auto err = check_feedback(x.said, x.reward))
    return err;
  if (auto err = ensure_id(x.episode_id))
    return err;
  episode result;
  if (x.reward) {
    result.reward = *x.reward;
    result.formula = reward_formula::given;
  } else if (options.formula == reward_formula::blended) {
    result.reward = blended_reward(x.woven, x.said);
    result.formula = reward_formula::blended;
  } else {
    result.reward =
      normalised(extracted_reward(x.woven, x.said, options.weights));
    result.formula = reward_formula::extracted;
  }
  result.id = std::move(x.episode_id);
  result.woven = std::move(x.woven);
  result.said = std::move(x.said);
  result.success = result.reward >= options.success_threshold;
  result.at = now();
  return result;
}

caf::expected<episode> make_episode(import_request x) {
  if (auto err = check_feedback(x.made.said, maybe<double>{x.made.reward}))
    return err;
  if (auto err = ensure_id(x.made.id))
    return err;
  return std::move(x.made);
}

} // namespace hololoom
