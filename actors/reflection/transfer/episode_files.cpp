#include <hololoom/actors/reflection/learning/reward.hpp>
#include <hololoom/actors/reflection/options.hpp>
#include <hololoom/actors/reflection/transfer/episode_files.hpp>
#include <hololoom/actors/reflection/transfer/import_pipeline.hpp>
#include <hololoom/actors/storage/atomic_file.hpp>
#include <hololoom/actors/storage/set_aside.hpp>
#include <hololoom/messages/caf/type_ids.hpp>
#include <hololoom/messages/json/read.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <system_error>
#include <utility>

namespace hololoom {

namespace {

namespace fs = std::filesystem;

/// A name that depends on the contents alone (FNV-1a, 64 bits).
std::string name_after(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "file-%016llx",
                static_cast<unsigned long long>(hash));
  return buffer.data();
}

/// Keeps what a file's name can hold. Ids that would look alike then are told
/// apart by what they were.
std::string plain(const std::string& id) {
  std::string result;
  for (char c : id) {
    auto ok = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
           || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    result += ok ? c : '_';
  }
  result.resize(std::min<std::size_t>(result.size(), 64));
  return result == id ? result : result + "_" + name_after(id);
}

/// The original also took a number for `helpful`: a rating, that is.
void mend_feedback(json& value) {
  auto said = value.find("feedback");
  if (said == value.end() || !said->is_object())
    return;
  auto helpful = said->find("helpful");
  if (helpful == said->end() || !helpful->is_number())
    return;
  auto rating = std::clamp(helpful->get<double>(), 1.0, 5.0);
  said->erase(helpful);
  if (!said->contains("rating"))
    (*said)["rating"] = rating;
}

/// The original's JSON has numbers that JSON does not: bare NaN, Infinity and
/// -Infinity. Outside of strings they become null.
std::string without_bare_constants(std::string_view text) {
  std::string result;
  auto quoted = false;
  for (std::size_t i = 0; i < text.size();) {
    auto rest = text.substr(i);
    auto constant = std::string_view{};
    for (std::string_view x : {"NaN", "Infinity", "-Infinity"})
      if (!quoted && rest.starts_with(x))
        constant = x;
    if (!constant.empty()) {
      result += "null";
      i += constant.size();
      continue;
    }
    if (quoted && text[i] == '\\' && i + 1 < text.size())
      result += text[i++];
    else if (text[i] == '"')
      quoted = !quoted;
    result += text[i++];
  }
  return result;
}

/// Takes out what is null, as if it had not been written.
void drop_nulls(json& value) {
  if (value.is_object())
    for (auto i = value.begin(); i != value.end();)
      i = i->is_null() ? value.erase(i) : std::next(i);
  if (value.is_structured())
    for (auto& x : value)
      drop_nulls(x);
}

/// Sets a number that an episode must have to 0.
bool set_if_missing(json& object, const char* key) {
  return object.is_object() && object.emplace(key, 0.0).second;
}

/// A file of the original's with numbers that are none. Where the reward is not
/// known, it is derived from what is.
caf::expected<episode> read_with_constants(const std::string& text) {
  auto value = parse_json(without_bare_constants(text));
  if (!value)
    return std::move(value.error());
  drop_nulls(*value);
  mend_feedback(*value);
  auto unrewarded = set_if_missing(*value, "reward");
  if (auto woven = value->find("spacetime"); woven != value->end()) {
    set_if_missing(*woven, "confidence");
    if (auto trace = woven->find("trace"); trace != woven->end())
      set_if_missing(*trace, "duration_ms");
  }
  episode result;
  if (auto err = from_json_value(*value, result))
    return err;
  if (unrewarded) {
    reflection_options defaults;
    result.reward =
      normalised(extracted_reward(result.woven, result.said, defaults.weights));
    result.formula = reward_formula::extracted;
    result.success = result.reward >= defaults.success_threshold;
  }
  return result;
}

caf::expected<episode> read_text(const std::string& text) {
  auto value = parse_json(text);
  if (!value) {
    // What it lacks is said of the file as it is.
    auto mended = read_with_constants(text);
    return mended ? std::move(mended) : std::move(value.error());
  }
  mend_feedback(*value);
  episode result;
  if (auto err = from_json_value(*value, result))
    return err;
  return result;
}

/// Reads all there is, or a bit more than may be imported.
std::string read_start(std::istream& in) {
  std::string result;
  std::array<char, 65536> part{};
  while (result.size() <= longest_import && in) {
    in.read(part.data(), part.size());
    result.append(part.data(), static_cast<std::size_t>(in.gcount()));
  }
  return result;
}

/// 0 if it cannot be told.
std::size_t size_of(const fs::path& file) {
  std::error_code failed;
  auto size = fs::file_size(file, failed);
  return failed ? 0 : static_cast<std::size_t>(size);
}

caf::error named(const fs::path& file, const caf::error& why) {
  return failure(errc::invalid_json, file.string() + ": " + explain(why));
}

caf::expected<std::vector<fs::path>> json_files(const fs::path& directory) {
  std::vector<fs::path> result;
  std::error_code failed;
  std::error_code ignored;
  for (fs::directory_iterator i{directory, failed}, end; !failed && i != end;
       i.increment(failed))
    if (i->path().extension() == ".json" && i->is_regular_file(ignored)
        && i->path().filename() != "metrics_summary.json")
      result.push_back(i->path());
  if (failed)
    return failure(errc::not_found, "could not read " + directory.string()
                                      + ": " + failed.message());
  std::sort(result.begin(), result.end());
  return result;
}

std::string set_aside(const fs::path& file) {
  auto to = file.parent_path() / "damaged";
  std::error_code failed;
  fs::create_directories(to, failed);
  if (failed)
    return "; it could not be set aside: " + failed.message();
  auto moved = move_to_fresh_name(file, to / file.filename());
  return moved ? "; set aside as " + moved->string()
               : "; it could not be set aside: " + explain(moved.error());
}

} // namespace

caf::error too_long_to_import() {
  return failure(errc::invalid_json, "it is longer than "
                                       + std::to_string(longest_import >> 20)
                                       + " MiB, the most that is read as an "
                                         "episode");
}

std::string episode_file_name(const episode& x) {
  using namespace std::chrono;
  auto iso = to_iso8601(floor<seconds>(x.at));
  std::string digits;
  for (char c : iso)
    if (c >= '0' && c <= '9')
      digits += c;
  auto micros = (x.at - floor<seconds>(x.at)).count();
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), "%06d",
                static_cast<int>(micros));
  return "episode_" + digits.substr(0, 8) + "_" + digits.substr(8) + "_"
       + fraction.data() + "_" + plain(x.id) + ".json";
}

caf::error write_episode_file(const fs::path& directory, const episode& x,
                              const disk* through) {
  auto compact = json_text(x);
  auto text = pretty_json(compact);
  // What was short enough to be imported is to be so again.
  if (text.size() >= longest_import)
    text = std::move(compact);
  return write_atomically(directory / episode_file_name(x), text + "\n",
                          through);
}

caf::expected<episode> read_episode_file(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in)
    return failure(errc::not_found, "could not open " + file.string());
  auto text = read_start(in);
  if (in.bad())
    return failure(errc::io_error, "could not read " + file.string());
  if (text.size() > longest_import)
    return named(file, too_long_to_import());
  auto result = read_text(text);
  if (!result)
    return named(file, result.error());
  if (result->id.empty())
    result->id = name_after(text);
  if (result->at == timestamp{})
    result->at = result->woven.created_at;
  return result;
}

caf::expected<std::int64_t> export_episodes(caf::actor_system& system,
                                            const reflection_actor& buffer,
                                            const fs::path& directory) {
  std::error_code failed;
  fs::create_directories(directory, failed);
  if (failed)
    return failure(errc::io_error, "could not create " + directory.string()
                                     + ": " + failed.message());
  caf::scoped_actor self{system};
  std::int64_t count = 0;
  std::int64_t after = 0;
  for (;;) {
    caf::expected<episode_page> page{caf::error{}};
    self->request(buffer, caf::infinite, episodes_query{after, 500})
      .receive([&](episode_page& x) { page = std::move(x); },
               [&](caf::error& err) { page = std::move(err); });
    if (!page)
      return std::move(page.error());
    for (const auto& x : page->episodes) {
      if (auto err = write_episode_file(directory, x))
        return err;
      ++count;
    }
    if (page->episodes.empty())
      return count;
    after = page->last;
  }
}

caf::expected<import_report> import_episodes(caf::actor_system& system,
                                             buffer_lookup find,
                                             const fs::path& directory) {
  auto files = json_files(directory);
  if (!files)
    return std::move(files.error());
  import_report result;
  std::mutex mutex;
  import_pipeline pipeline{system, std::move(find), 256};
  for (const auto& file : *files) {
    auto made = read_episode_file(file);
    if (!made) {
      // A file that could not be read, or is too long, may be sound.
      auto sentence = explain(made.error());
      if (is(made.error(), errc::invalid_json)
          && size_of(file) <= longest_import)
        sentence += set_aside(file);
      std::lock_guard guard{mutex};
      result.failed.push_back(std::move(sentence));
      continue;
    }
    pipeline.store(
      import_request{std::move(*made)},
      [&, file](const caf::expected<reflect_ack>& x) {
        std::lock_guard guard{mutex};
        if (x)
          ++result.stored;
        else
          result.failed.push_back(file.string() + ": " + explain(x.error()));
      },
      size_of(file));
  }
  pipeline.drain();
  return result;
}

} // namespace hololoom
