#include <hololoom/actors/memory/store/shard_store.hpp>
#include <hololoom/actors/reflection/repair/verify_journal.hpp>
#include <hololoom/actors/storage/atomic_file.hpp>
#include <hololoom/messages/json/read.hpp>
#include <hololoom/runtime/backup.hpp>
#include <hololoom/runtime/backup_contents.hpp>

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

namespace hololoom {

namespace detail {

caf::expected<store_counts>
verify_stores(const std::filesystem::path& directory,
              const std::stop_token& stop) {
  auto journal = verify_journal(directory);
  if (!journal)
    return std::move(journal.error());
  if (stop.stop_requested())
    return failure(errc::cancelled, "the check of the stores was called off");
  auto shards = check_shard_file((directory / shards_name).string(), stop);
  if (!shards)
    return std::move(shards.error());
  return store_counts{journal->last_episode, *shards};
}

} // namespace detail

namespace {

namespace fs = std::filesystem;

using detail::backup_manifest;

caf::error no_backup(const fs::path& file, const std::string& why) {
  return failure(errc::corrupt,
                 file.string() + " is no backup of HoloLoom, or damaged: " + why
                   + "; nothing was restored");
}

caf::error refuse_used(const fs::path& directory) {
  std::error_code ec;
  auto there = fs::symlink_status(directory, ec);
  if (!fs::exists(there))
    return {};
  auto empty = fs::is_directory(there) && fs::is_empty(directory, ec);
  return empty && !ec
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

/// A directory that is removed, unless it was moved away.
class scratch_directory {
public:
  explicit scratch_directory(fs::path path) : path_(std::move(path)) {}
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;
  ~scratch_directory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

  caf::error create() {
    std::error_code ec;
    fs::remove_all(path_, ec);
    fs::create_directories(path_, ec);
    return ec ? trouble("create", ec) : caf::error{};
  }

  caf::error move_to(const fs::path& to) {
    if (auto err = sync_directory(path_))
      return err;
    std::error_code ec;
    fs::rename(path_, to, ec);
    if (ec)
      return trouble("rename", ec);
    return sync_directory(to.parent_path());
  }

  const fs::path& path() const noexcept { return path_; }

private:
  caf::error trouble(const char* tried, const std::error_code& ec) const {
    return failure(errc_for(ec.value(), errc::io_error),
                   std::string{"could not "} + tried + " " + path_.string()
                     + ": " + ec.message());
  }

  fs::path path_;
};

} // namespace

caf::expected<restore_report> restore_backup(const fs::path& file,
                                             const fs::path& directory,
                                             const backup_options& options) {
  auto begun = std::chrono::steady_clock::now();
  std::error_code ec;
  auto target = fs::absolute(directory, ec).lexically_normal();
  if (!target.has_filename())
    target = target.parent_path();
  if (auto err = refuse_used(target))
    return err;
  scratch_directory beside{target.string() + ".restoring"};
  if (auto err = beside.create())
    return err;
  start_progress progress{"unpacking", 0, 0};
  auto tell = [&](std::int64_t bytes) {
    progress.done += bytes;
    if (options.on_progress)
      options.on_progress(progress);
  };
  auto content =
    unpack(file, beside.path(), detail::manifest_name, {tell, options.stop});
  if (!content)
    return std::move(content.error());
  auto manifest = read_manifest(file, *content);
  if (!manifest)
    return std::move(manifest.error());
  if (options.on_progress)
    options.on_progress({"verifying", 0, 0});
  auto found = detail::verify_stores(beside.path(), options.stop);
  if (!found)
    return std::move(found.error());
  detail::store_counts expected{manifest->last_episode, manifest->shards};
  if (*found != expected)
    return no_backup(file, "it holds other episodes or shards than it says");
  if (auto err = beside.move_to(target))
    return err;
  return restore_report{target.string(), manifest->at, found->last_episode,
                        found->shards,
                        std::chrono::steady_clock::now() - begun};
}

} // namespace hololoom
