#include <hololoom/actors/reflection/journal/swap.hpp>
#include <hololoom/actors/storage/atomic_file.hpp>
#include <hololoom/actors/storage/high_water_mark.hpp>
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
  return failure(errc_for(why.value(), errc::io_error),
                 "could not " + tried + ": " + why.message()
                   + "; see that its directory can be read and written");
}

/// Where an interrupted swap has set the damaged journal aside; empty if it has
/// not.
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

/// A name that is free for the journal and for its log.
caf::expected<fs::path> free_name(const fs::path& file) {
  auto stamp = to_iso8601(std::chrono::floor<std::chrono::seconds>(now()));
  auto result = beside(file, ".damaged-" + stamp);
  std::error_code failed;
  for (auto i = 2;
       fs::exists(result, failed) || fs::exists(beside(result, "-wal"), failed);
       ++i)
    result = beside(file, ".damaged-" + stamp + "-" + std::to_string(i));
  if (failed)
    return io_failure("look for " + result.string(), failed);
  return result;
}

/// Gives the damaged journal a second name or, on a file system without links,
/// makes a copy under that name. The copy is all that remains once the journal
/// is replaced, so that its bytes are durable before it gets its name.
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

caf::expected<bool> swap_pending(const fs::path& journal) {
  std::error_code failed;
  auto result = fs::exists(repaired_file(journal), failed);
  if (failed)
    return io_failure("look for " + repaired_file(journal).string(), failed);
  return result;
}

caf::error finish_swap(const fs::path& journal, fs::path& aside) {
  aside = set_aside_before(journal);
  std::error_code failed;
  if (aside.empty()) {
    auto name = free_name(journal);
    if (!name)
      return std::move(name.error());
    // If the journal itself was removed, only its log may be left.
    auto there = fs::exists(journal, failed);
    if (failed)
      return io_failure("look for " + journal.string(), failed);
    if (there)
      if (auto err = set_aside(journal, *name))
        return err;
    aside = std::move(*name);
  }
  // The mark counts the damaged journal's episodes; the new journal has other
  // numbers.
  fs::remove(high_water_file(journal), failed);
  auto log = beside(journal, "-wal");
  if (!failed && fs::exists(log, failed))
    fs::rename(log, beside(aside, "-wal"), failed);
  // These names are durable before the damaged journal loses its own: otherwise
  // a power loss could leave it without a name, or the new journal with the old
  // log.
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
