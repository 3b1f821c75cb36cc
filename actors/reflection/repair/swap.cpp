#include <hololoom/actors/reflection/repair/swap.hpp>
#include <hololoom/actors/storage/atomic_file.hpp>
#include <hololoom/actors/storage/high_water_mark.hpp>
#include <hololoom/actors/storage/set_aside.hpp>
#include <hololoom/messages/errc.hpp>
#include <hololoom/messages/time.hpp>

#include <chrono>
#include <string>
#include <system_error>

namespace hololoom {

namespace {

namespace fs = std::filesystem;

fs::path beside(fs::path file, const std::string& suffix) {
  return file += suffix;
}

caf::error io_failure(const std::string& tried, const std::error_code& why) {
  return failure(errc::io_error, "could not " + tried + ": " + why.message());
}

/// Where the damaged journal has been set aside already; empty if it has not.
fs::path set_aside_before(const fs::path& file) {
  std::error_code ignored;
  auto prefix = file.filename().string() + ".damaged-";
  for (fs::directory_iterator i{file.parent_path(), ignored}, end; i != end;
       i.increment(ignored))
    if (i->path().filename().string().starts_with(prefix)
        && fs::equivalent(i->path(), file, ignored))
      return i->path();
  return {};
}

/// A name that is not taken, neither for the journal nor for its log.
fs::path free_name(const fs::path& file) {
  auto stamp = to_iso8601(std::chrono::floor<std::chrono::seconds>(now()));
  auto result = beside(file, ".damaged-" + stamp);
  for (auto i = 2; fs::exists(result) || fs::exists(beside(result, "-wal"));
       ++i)
    result = beside(file, ".damaged-" + stamp + "-" + std::to_string(i));
  return result;
}

/// Gives the damaged journal a second name; where a file system has no links,
/// a copy. The copy is all there is once the journal is replaced, so that its
/// bytes are on disk before it has its name.
caf::error set_aside(const fs::path& file, fs::path& aside) {
  std::error_code failed;
  fs::create_hard_link(file, aside, failed);
  if (!failed)
    return {};
  auto part = beside(file, ".part");
  if (auto err = copy_to_disk(file, part))
    return err;
  auto moved = move_to_fresh_name(part, aside);
  if (!moved) {
    fs::remove(part, failed);
    return std::move(moved.error());
  }
  aside = *moved;
  return {};
}

} // namespace

fs::path repaired_file(const fs::path& journal) {
  return beside(journal, ".repaired");
}

bool swap_pending(const fs::path& journal) {
  return fs::exists(repaired_file(journal));
}

caf::error finish_swap(const fs::path& journal, fs::path& aside) {
  aside = set_aside_before(journal);
  if (aside.empty()) {
    aside = free_name(journal);
    // Of a journal that somebody took away there is the log at most.
    if (fs::exists(journal))
      if (auto err = set_aside(journal, aside)) {
        aside.clear();
        return err;
      }
  }
  std::error_code failed;
  // It counts episodes of the damaged journal; the new one is numbered anew.
  fs::remove(high_water_file(journal), failed);
  auto log = beside(journal, "-wal");
  if (!failed && fs::exists(log))
    fs::rename(log, beside(aside, "-wal"), failed);
  // The names so far are durable before the first one is taken from the damaged
  // journal: else a power loss could leave it with none, or the new journal
  // with the old log.
  if (!failed)
    if (auto err = sync_directory(journal.parent_path()))
      return err;
  if (!failed)
    fs::rename(repaired_file(journal), journal, failed);
  if (failed)
    return io_failure("put " + repaired_file(journal).string() + " in place",
                      failed);
  return sync_directory(journal.parent_path());
}

} // namespace hololoom
