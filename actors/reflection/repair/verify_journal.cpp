#include <hololoom/actors/reflection/journal/journal.hpp>
#include <hololoom/actors/reflection/journal/swap.hpp>
#include <hololoom/actors/reflection/repair/verify_journal.hpp>
#include <hololoom/actors/storage/sqlite_format/wal_check.hpp>

#include <system_error>
#include <utility>

namespace hololoom {

caf::error find_journal(const std::filesystem::path& directory) {
  auto file = directory / "journal.db";
  std::error_code failed;
  auto there = std::filesystem::exists(file, failed);
  auto unfinished = swap_pending(file);
  // If the disk does not tell, opening the journal says why.
  if (there || failed || !unfinished || *unfinished
      || check_missing_database(file))
    return {};
  return failure(errc::not_found,
                 "there is no journal in " + directory.string());
}

caf::expected<verify_report>
verify_journal(const std::filesystem::path& directory, verify_watch* watch,
               const std::stop_token& stop) {
  if (auto err = find_journal(directory))
    return err;
  journal_options options;
  options.file = directory / "journal.db";
  if (watch)
    options.activity = watch->activity;
  auto store = journal::open(options);
  if (!store)
    return std::move(store.error());
  if (watch)
    if (auto reads = (*store)->reads_to_verify())
      watch->reads_expected = *reads;
  if (auto err = (*store)->verify(stop))
    return err;
  verify_report result;
  result.last_episode = (*store)->learned().sequence;
  result.relearned = (*store)->relearned();
  auto episodes = (*store)->count_episodes();
  if (!episodes)
    return std::move(episodes.error());
  result.episodes = *episodes;
  auto spacetimes = (*store)->count_spacetimes();
  if (!spacetimes)
    return std::move(spacetimes.error());
  result.spacetimes = *spacetimes;
  return result;
}

} // namespace hololoom
