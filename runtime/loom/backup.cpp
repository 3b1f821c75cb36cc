#include <hololoom/actors/storage/atomic_file.hpp>
#include <hololoom/messages/caf/copy_store.hpp>
#include <hololoom/messages/json/write.hpp>
#include <hololoom/runtime/backup/contents.hpp>
#include <hololoom/runtime/loom/loom_impl.hpp>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <system_error>
#include <utility>

// A backup of a running loom. The stores copy themselves to a directory beside
// them, because a store waits for what it writes, and no other disk than its
// own may make it wait. The thread that asked verifies and packs the copies,
// and tells how far they are: it alone waits for what it tells.

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
  explicit staging(fs::path path) : path_(std::move(path)) { remove(); }
  staging(const staging&) = delete;
  staging& operator=(const staging&) = delete;
  ~staging() { remove(); }

  caf::error create() const {
    auto failed = make_directory(path_);
    return failed ? failure(errc_for(failed.value(), errc::io_error),
                            "could not create " + path_.string() + ": "
                              + failed.message())
                  : caf::error{};
  }
  fs::path operator/(std::string_view name) const { return path_ / name; }
  const fs::path& path() const noexcept { return path_; }

private:
  void remove() const {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

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

/// Sets a flag for as long as it lives.
class claim {
public:
  explicit claim(std::atomic<bool>& flag)
    : flag_(flag), is_mine_(!flag.exchange(true)) {}
  claim(const claim&) = delete;
  claim& operator=(const claim&) = delete;
  ~claim() {
    if (is_mine_)
      flag_ = false;
  }
  bool is_mine() const noexcept { return is_mine_; }

private:
  std::atomic<bool>& flag_;
  bool is_mine_;
};

} // namespace

/// What the parts of a backup share on the caller's thread. Its end stops what
/// is left of it elsewhere.
class backup_work {
public:
  backup_work(const backup_options& options, std::stop_token loom_ends)
    : options_(options),
      by_caller_(options.stop, [this] { stop_.request_stop(); }),
      by_loom_(std::move(loom_ends), [this] { stop_.request_stop(); }) {}
  ~backup_work() { stop_.request_stop(); }

  std::stop_token token() const { return stop_.get_token(); }

  void tell(const start_progress& x) const {
    if (options_.on_progress)
      options_.on_progress(x);
  }

private:
  const backup_options& options_;
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> by_caller_;
  std::stop_callback<std::function<void()>> by_loom_;
};

namespace {

caf::error pack(archive_writer& out, const std::filesystem::path& from,
                backup_manifest what, const backup_work& work) {
  start_progress progress{"packing", 0, 0};
  for (auto name : {journal_name, shards_name})
    progress.total += static_cast<std::int64_t>(size_of(from / name));
  auto moved = [&](std::int64_t bytes) {
    progress.done += bytes;
    work.tell(progress);
  };
  for (auto name : {journal_name, shards_name}) {
    auto member =
      out.add(std::string{name}, from / name, {moved, work.token()});
    if (!member)
      return std::move(member.error());
    what.files.push_back(std::move(*member));
  }
  if (auto err = out.add_text(std::string{manifest_name},
                              pretty_json(json_text(what)) + "\n"))
    return err;
  return out.finish();
}

} // namespace

caf::expected<backup_report>
loom_impl::backup(const std::filesystem::path& file,
                  const backup_options& options) {
  if (auto err = refusal())
    return err;
  if (!dir_)
    return failure(errc::not_supported,
                   "this loom keeps nothing on disk, and has nothing to back "
                   "up; give its config a data_dir");
  claim one{backing_up_};
  if (!one.is_mine())
    return failure(errc::already_started,
                   "another backup of this loom is being made");
  auto made = back_up(file, {options, backups_end_.get_token()});
  if (made || !is(made.error(), errc::cancelled))
    return made;
  auto closing = refusal();
  return closing ? closing : made.error();
}

caf::expected<backup_report>
loom_impl::back_up(const std::filesystem::path& file, const backup_work& work) {
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
  if (auto err = copies.create())
    return err;
  auto copied = copy_stores(copies.path(), work);
  if (!copied)
    return std::move(copied.error());
  backup_manifest manifest;
  manifest.made_by = "HoloLoom " HOLOLOOM_VERSION;
  manifest.at = now();
  work.tell({"verifying the copies", 0, 0});
  auto found = verify_stores(copies.path(), work.token());
  if (found ? *found != *copied : is(found.error(), errc::corrupt))
    return failure(
      errc::corrupt,
      "no backup was made, because a store in " + dir_->path().string()
        + " is damaged: its copy is; `hololoom verify` says where, "
          "`hololoom repair` recovers what can be read");
  if (!found)
    return std::move(found.error());
  manifest.last_episode = found->last_episode;
  manifest.shards = found->shards;
  if (auto err = pack(**out, copies.path(), manifest, work))
    return err;
  return backup_report{file.string(),
                       manifest.at,
                       found->last_episode,
                       found->shards,
                       static_cast<std::int64_t>(size_of(file)),
                       std::chrono::steady_clock::now() - begun};
}

caf::expected<store_counts>
loom_impl::copy_stores(const std::filesystem::path& to,
                       const backup_work& work) {
  struct pages {
    std::atomic<std::int64_t> copied = 0;
    std::atomic<std::int64_t> total = 0;
  };
  auto copy = [&](auto part, std::string_view name, const char* what) {
    constexpr auto refresh = std::chrono::milliseconds{100};
    auto pages_of = std::make_shared<pages>();
    copy_store request{(to / name).string(),
                       [pages_of](std::int64_t copied, std::int64_t total) {
                         pages_of->copied = copied;
                         pages_of->total = total;
                       },
                       work.token()};
    auto answer = bridge_->ask<store_copied>(
      actor_of(part), caf::make_message(std::move(request)),
      [admission = admission_](const caf::error& why) {
        return admission->failure_of(why);
      });
    while (answer.wait_for(refresh) != std::future_status::ready)
      work.tell({what, pages_of->copied, pages_of->total});
    return answer.get();
  };
  // One after the other: each has the disk to itself.
  auto journal = copy(part::reflection, journal_name, "copying the journal");
  if (!journal)
    return std::move(journal.error());
  auto shards = copy(part::yarn, shards_name, "copying the memory");
  if (!shards)
    return std::move(shards.error());
  return store_counts{journal->count, shards->count};
}

} // namespace hololoom::detail
