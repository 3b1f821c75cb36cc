#include <hololoom/actors/storage/atomic_file.hpp>
#include <hololoom/messages/json/read.hpp>
#include <hololoom/runtime/backup.hpp>
#include <hololoom/runtime/backup/contents.hpp>
#include <hololoom/runtime/data_dir.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

// A data directory from a backup. All of it happens in `restore.part` in the
// directory itself, which may be a mounted disk, and keeps its owner and mode.
// As long as that is there, no loom is opened.

namespace hololoom {

namespace {

namespace fs = std::filesystem;

using detail::backup_manifest;

caf::error no_backup(const fs::path& file, const std::string& why) {
  return failure(errc::corrupt,
                 file.string() + " is no backup of HoloLoom, or damaged: " + why
                   + "; nothing was restored");
}

/// What a restoration may find: a lock, and what one that was cut short left.
bool is_leftover(std::string_view name, bool cut_short) {
  return name == "lock" || name == restoring_name
      || (cut_short
          && (name == detail::journal_name || name == detail::shards_name));
}

caf::error refuse_used(const fs::path& directory) {
  std::error_code ec;
  auto there = fs::symlink_status(directory, ec);
  if (!fs::exists(there))
    return {};
  auto used = !fs::is_directory(fs::status(directory, ec));
  auto cut_short = fs::exists(directory / restoring_name, ec);
  for (fs::directory_iterator i{directory, ec}, end; !used && !ec && i != end;
       i.increment(ec))
    used = !is_leftover(i->path().filename().string(), cut_short);
  return !used && !ec
         ? caf::error{}
         : failure(errc::data_dir_unusable,
                   directory.string()
                     + " is not an empty directory, and nothing in it is "
                       "overwritten; restore into a new one");
}

caf::expected<backup_manifest> read_manifest(const fs::path& file,
                                             const unpacked& x) {
  if (x.text.empty())
    return no_backup(file, "it has no manifest, as if it were cut short");
  auto manifest = from_json_text<backup_manifest>(x.text);
  if (!manifest)
    return no_backup(file, "its manifest: " + explain(manifest.error()));
  if (manifest->hololoom_backup != backup_manifest::current)
    return failure(errc::newer_schema,
                   file.string() + " was made by " + manifest->made_by
                     + ", in a form that this version does not read; restore "
                       "it with that version");
  auto names_both = [](const std::vector<archive_member>& files) {
    return files.size() == 2 && files[0].name == detail::journal_name
        && files[1].name == detail::shards_name;
  };
  if (!names_both(manifest->files) || manifest->files != x.files)
    return no_backup(file, "its files are not those that were put in");
  return manifest;
}

/// The directory while it is restored: locked, and as it was before unless the
/// restoration is complete.
class restoration {
public:
  static caf::expected<restoration> begin(const fs::path& directory) {
    if (auto err = refuse_used(directory))
      return err;
    std::error_code ec;
    auto fresh = !fs::exists(directory, ec);
    auto locked = data_dir::open(directory);
    if (!locked)
      return std::move(locked.error());
    restoration result{std::move(*locked), fresh};
    // Another one may have come first.
    if (auto err = refuse_used(directory))
      return err;
    result.remove_stores();
    fs::remove_all(result.place(), ec);
    if (auto failed = make_directory(result.place()))
      return result.trouble("create", failed);
    result.begun_ = true;
    return result;
  }

  restoration(restoration&& other) noexcept
    : directory_(std::move(other.directory_)),
      fresh_(other.fresh_),
      begun_(std::exchange(other.begun_, false)) {}
  restoration& operator=(restoration&&) = delete;

  ~restoration() {
    if (!begun_)
      return;
    remove_stores();
    std::error_code ignored;
    fs::remove_all(place(), ignored);
    fs::remove(directory_.path() / "lock", ignored);
    if (fresh_)
      fs::remove(directory_.path(), ignored);
  }

  fs::path place() const { return directory_.restoring(); }

  /// Puts the stores in their places.
  caf::error install() {
    std::error_code ec;
    for (auto name : stores)
      if (!ec)
        fs::rename(place() / name, directory_.path() / name, ec);
    if (ec)
      return trouble("move a store from", ec);
    // The names are durable before a loom may be opened.
    if (auto err = sync_directory(directory_.path()))
      return err;
    begun_ = false;
    fs::remove_all(place(), ec);
    return ec ? trouble("remove", ec) : sync_directory(directory_.path());
  }

private:
  static constexpr std::array stores{detail::shards_name, detail::journal_name};

  restoration(data_dir directory, bool fresh)
    : directory_(std::move(directory)), fresh_(fresh) {}

  void remove_stores() const {
    std::error_code ignored;
    for (auto name : stores)
      fs::remove(directory_.path() / name, ignored);
  }

  caf::error trouble(const char* tried, const std::error_code& ec) const {
    return failure(errc_for(ec.value(), errc::io_error),
                   std::string{"could not "} + tried + " " + place().string()
                     + ": " + ec.message());
  }

  data_dir directory_;
  bool fresh_;
  /// Whether what is in the directory is this restoration's, and incomplete.
  bool begun_ = false;
};

} // namespace

caf::expected<restore_report> restore_backup(const fs::path& file,
                                             const fs::path& directory,
                                             const backup_options& options) {
  auto begun = std::chrono::steady_clock::now();
  auto work = restoration::begin(directory);
  if (!work)
    return std::move(work.error());
  start_progress progress{"unpacking", 0, 0};
  auto tell = [&](std::int64_t bytes) {
    progress.done += bytes;
    if (options.on_progress)
      options.on_progress(progress);
  };
  auto content =
    unpack(file, work->place(), detail::manifest_name, {tell, options.stop});
  if (!content)
    return std::move(content.error());
  auto manifest = read_manifest(file, *content);
  if (!manifest)
    return std::move(manifest.error());
  if (options.on_progress)
    options.on_progress({"verifying", 0, 0});
  auto found = detail::verify_stores(work->place(), options.stop);
  if (!found)
    return std::move(found.error());
  detail::store_counts expected{manifest->last_episode, manifest->shards};
  if (*found != expected)
    return no_backup(file, "it holds other episodes or shards than it says");
  if (auto err = work->install())
    return err;
  return restore_report{directory.string(), manifest->at, found->last_episode,
                        found->shards,
                        std::chrono::steady_clock::now() - begun};
}

} // namespace hololoom
