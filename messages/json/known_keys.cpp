#include <hololoom/messages/json/known_keys.hpp>
#include <hololoom/messages/json/nearest.hpp>

namespace hololoom {

caf::error detail::unknown_key(const std::string& path, const std::string& key,
                               const std::vector<std::string>& known) {
  auto sentence = "unknown key \"" + path + "\"";
  if (auto near = nearest(key, known); !near.empty())
    return failure(errc::invalid_config,
                   sentence + "; did you mean \"" + near + "\"?");
  std::string names;
  for (const auto& name : known)
    names += (names.empty() ? "" : ", ") + name;
  return failure(errc::invalid_config, sentence + "; known keys: " + names);
}

} // namespace hololoom
