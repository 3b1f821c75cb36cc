#include <hololoom/messages/caf/copy_store.hpp>
#include <hololoom/messages/json/write.hpp>
#include <hololoom/runtime/backup_contents.hpp>
#include <hololoom/runtime/loom/loom_impl.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <system_error>
#include <utility>

// A backup of a running loom. The stores copy themselves to a directory beside
// them, because a store waits for what it writes, and no other disk than its
// own may make it wait. The thread that asked verifies and packs the copies.

namespace hololoom::detail {

namespace {

namespace fs = std::filesystem;

/// So much stays free on the stores' disk.
constexpr std::uintmax_t reserve = 64U << 20U;

std::uintmax_t size_of(const fs::path& file) {
  std::error_code none;
  auto size = fs::file_size(file, none);
  return none ? 0 : size;
}

/// The directory of the copies, for as long as they are needed.
class staging {
public:
  explicit staging(fs::path path) : path_(std::move(path)) {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
    fs::create_directory(path_, ignored);
  }
  staging(const staging&) = delete;
  staging& operator=(const staging&) = delete;
  ~staging() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  fs::path operator/(std::string_view name) const { return path_ / name; }
  const fs::path& path() const noexcept { return path_; }

private:
  fs::path path_;
};

caf::error no_room(const fs::path& directory, std::uintmax_t needed,
                   std::uintmax_t free) {
  constexpr auto mib = 1U << 20U;
  return failure(errc::disk_full,
                 "a backup needs " + std::to_string(needed / mib)
                   + " MiB for a while on the disk of " + directory.string()
                   + ", which has " + std::to_string(free / mib)
                   + " MiB free; make space");
}

} // namespace

/// Tells the caller how far it is, and ends the work when the caller or the
/// loom wants it to. Thread-safe.
class backup_watch {
public:
  backup_watch(backup_options options, std::shared_ptr<admission> gate)
    : options_(std::move(options)),
      gate_(std::move(gate)),
      forward_(options_.stop, [this] { stop_.request_stop(); }) {}

  std::stop_token token() const { return stop_.get_token(); }

  void tell(const start_progress& x) {
    if (gate_->refusal())
      stop_.request_stop();
    lock_guard guard{mutex_};
    if (!options_.on_progress)
      return;
    try {
      options_.on_progress(x);
    } catch (...) {
      // It watches; it does not take part.
    }
  }

private:
  backup_options options_;
  std::shared_ptr<admission> gate_;
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> forward_;
  mutex mutex_;
};

caf::expected<backup_report>
loom_impl::backup(const std::filesystem::path& file,
                  const backup_options& options) {
  if (auto err = refusal())
    return err;
  if (!dir_)
    return failure(errc::not_supported,
                   "this loom keeps nothing on disk, and has nothing to back "
                   "up; give its config a data_dir");
  if (backing_up_.exchange(true))
    return failure(errc::already_started,
                   "another backup of this loom is being made");
  auto made =
    back_up(file, std::make_shared<backup_watch>(options, admission_));
  backing_up_ = false;
  if (made || !is(made.error(), errc::cancelled))
    return made;
  auto closing = refusal();
  return closing ? closing : made.error();
}

caf::expected<backup_report>
loom_impl::back_up(const std::filesystem::path& file,
                   const std::shared_ptr<backup_watch>& watch) {
  auto begun = std::chrono::steady_clock::now();
  auto out = archive_writer::create(file);
  if (!out)
    return std::move(out.error());
  auto needed = size_of(dir_->journal()) + size_of(dir_->shards()) + reserve;
  std::error_code unknown;
  auto space = fs::space(dir_->path(), unknown);
  if (!unknown && space.available < needed)
    return no_room(dir_->path(), needed, space.available);

  staging copies{dir_->copies()};
  auto copied = copy_stores(copies.path(), watch);
  if (!copied)
    return std::move(copied.error());
  auto at = now();
  watch->tell({"verifying the copies", 0, 0});
  auto found = verify_stores(copies.path(), watch->token());
  if (!found)
    return std::move(found.error());
  if (*found != *copied)
    return failure(errc::corrupt, "the copies of the stores do not hold what "
                                  "the stores do; nothing was written");

  backup_manifest manifest;
  manifest.made_by = "HoloLoom " HOLOLOOM_VERSION;
  manifest.at = at;
  manifest.last_episode = found->last_episode;
  manifest.shards = found->shards;
  start_progress progress{"packing", 0, 0};
  for (auto name : {journal_name, shards_name})
    progress.total += static_cast<std::int64_t>(size_of(copies / name));
  auto moved = [&](std::int64_t bytes) {
    progress.done += bytes;
    watch->tell(progress);
  };
  for (auto name : {journal_name, shards_name}) {
    auto member =
      (*out)->add(std::string{name}, copies / name, {moved, watch->token()});
    if (!member)
      return std::move(member.error());
    manifest.files.push_back(std::move(*member));
  }
  if (auto err = (*out)->add_text(std::string{manifest_name},
                                  pretty_json(json_text(manifest)) + "\n"))
    return err;
  if (auto err = (*out)->finish())
    return err;
  return backup_report{file.string(),
                       at,
                       found->last_episode,
                       found->shards,
                       static_cast<std::int64_t>(size_of(file)),
                       std::chrono::steady_clock::now() - begun};
}

caf::expected<store_counts>
loom_impl::copy_stores(const std::filesystem::path& to,
                       const std::shared_ptr<backup_watch>& watch) {
  auto copy = [&](auto part, std::string_view name, const char* what) {
    copy_store request{(to / name).string(),
                       [watch, what](std::int64_t copied, std::int64_t total) {
                         watch->tell({what, copied, total});
                       },
                       watch->token()};
    return bridge_->ask<store_copied>(
      actor_of(part), caf::make_message(std::move(request)),
      [admission = admission_](const caf::error& why) {
        return admission->failure_of(why);
      });
  };
  // One after the other: each has the disk to itself.
  auto journal =
    copy(part::reflection, journal_name, "copying the journal").get();
  if (!journal)
    return std::move(journal.error());
  auto shards = copy(part::yarn, shards_name, "copying the memory").get();
  if (!shards)
    return std::move(shards.error());
  return store_counts{journal->count, shards->count};
}

} // namespace hololoom::detail
