#include <hololoom/actors/reflection/transfer/episode_files.hpp>
#include <hololoom/actors/reflection/transfer/parse_episode.hpp>
#include <hololoom/actors/storage/atomic_file.hpp>
#include <hololoom/messages/caf/reflection_ids.hpp>
#include <hololoom/messages/json/read.hpp>
#include <hololoom/messages/sync.hpp>

#include <caf/actor_system.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <system_error>
#include <utility>

namespace hololoom {

namespace {

namespace fs = std::filesystem;

/// A name that depends only on the contents (FNV-1a, 64 bits).
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

/// Replaces characters that file names may not have. A hash of the original id
/// distinguishes ids that would become equal.
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

/// Reads the whole file, or a little more than may be imported.
std::string read_start(std::istream& in) {
  std::string result;
  std::array<char, 65536> part{};
  while (result.size() <= longest_import && in) {
    in.read(part.data(), part.size());
    result.append(part.data(), static_cast<std::size_t>(in.gcount()));
  }
  return result;
}

/// 0 if unknown.
std::size_t size_of(const fs::path& file) {
  std::error_code failed;
  auto size = fs::file_size(file, failed);
  return failed ? 0 : static_cast<std::size_t>(size);
}

caf::error in_file(const fs::path& file, const caf::error& why) {
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

/// @returns the outcome, as the end of a sentence.
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

std::string episode_file_name(timestamp at, const std::string& id) {
  using namespace std::chrono;
  auto iso = to_iso8601(floor<seconds>(at));
  std::string digits;
  for (char c : iso)
    if (c >= '0' && c <= '9')
      digits += c;
  auto micros = (at - floor<seconds>(at)).count();
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), "%06d",
                static_cast<int>(micros));
  return "episode_" + digits.substr(0, 8) + "_" + digits.substr(8) + "_"
       + fraction.data() + "_" + plain(id) + ".json";
}

caf::error write_episode_file(const fs::path& directory, timestamp at,
                              const std::string& id, const std::string& text,
                              const disk* through) {
  auto pretty = pretty_json(text);
  // An episode that was short enough to be imported stays so.
  const auto& fits = pretty.size() < longest_import ? pretty : text;
  return write_atomically(directory / episode_file_name(at, id), fits + "\n",
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
    return in_file(file, too_long_to_import());
  auto result = parse_episode(text);
  if (!result)
    return in_file(file, result.error());
  if (result->id.empty())
    result->id = name_after(text);
  if (result->at == timestamp{})
    result->at = result->woven.created_at;
  return result;
}

caf::expected<std::int64_t> export_episodes(const episode_source& from,
                                            const fs::path& directory,
                                            const std::stop_token& stop) {
  std::error_code failed;
  fs::create_directories(directory, failed);
  if (failed)
    return failure(errc::io_error, "could not create " + directory.string()
                                     + ": " + failed.message());
  std::int64_t count = 0;
  std::int64_t after = 0;
  for (;;) {
    auto page = from({after, 500});
    if (!page)
      return std::move(page.error());
    for (const auto& x : page->episodes) {
      if (stop.stop_requested())
        return failure(errc::cancelled, "the export was called off");
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
                                             const fs::path& directory,
                                             const std::stop_token& stop) {
  auto files = json_files(directory);
  if (!files)
    return std::move(files.error());
  import_report result;
  mutex result_mutex;
  import_pipeline pipeline{system, std::move(find), 256,
                           import_pipeline::usual_patience, stop};
  for (const auto& file : *files) {
    if (stop.stop_requested())
      break;
    auto made = read_episode_file(file);
    if (!made) {
      // A file that is unreadable or too long may be intact.
      auto sentence = explain(made.error());
      if (is(made.error(), errc::invalid_json)
          && size_of(file) <= longest_import)
        sentence += set_aside(file);
      lock_guard guard{result_mutex};
      result.failed.push_back(std::move(sentence));
      continue;
    }
    pipeline.store(
      import_request{std::move(*made)},
      [&, file](const caf::expected<reflect_ack>& x) {
        lock_guard guard{result_mutex};
        if (x) {
          ++result.stored;
          result.duplicates += x->duplicate ? 1 : 0;
        } else
          result.failed.push_back(file.string() + ": " + explain(x.error()));
      },
      size_of(file));
  }
  pipeline.drain();
  return result;
}

} // namespace hololoom
