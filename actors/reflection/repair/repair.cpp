#include <hololoom/actors/reflection/journal/journal.hpp>
#include <hololoom/actors/reflection/journal/swap.hpp>
#include <hololoom/actors/reflection/repair/repair.hpp>
#include <hololoom/actors/reflection/repair/salvage.hpp>
#include <hololoom/actors/reflection/repair/verify_journal.hpp>
#include <hololoom/actors/storage/high_water_mark.hpp>

#include <algorithm>
#include <iterator>
#include <system_error>
#include <utility>

namespace hololoom {

namespace {

namespace fs = std::filesystem;

fs::path beside(fs::path file, const char* suffix) {
  return file += suffix;
}

/// Removes a new journal and the files that an open one has beside it.
void remove_new(const fs::path& file) {
  std::error_code ignored;
  for (auto suffix : {"", "-wal", "-journal"})
    fs::remove(beside(file, suffix), ignored);
  for (auto extension : {".lock", ".mark", ".verified"})
    fs::remove(fs::path{file}.replace_extension(extension), ignored);
}

/// The error of a repair that was abandoned with the damaged journal unchanged.
caf::error abandoned(const fs::path& file, const caf::error& why) {
  auto sentence = explain(why);
  return failure(code_of(why),
                 "could not repair " + file.string() + ": "
                   + sentence.substr(0, sentence.find("; "))
                   + "; nothing was changed: "
                   + (is(why, errc::disk_full) ? "make room on its disk"
                                               : "look at its disk")
                   + " and repair again");
}

/// Adds the salvaged rows to `store`, a new journal, in order. Episodes that
/// follow a lost one get new sequence numbers.
caf::error restore(const salvaged& x, journal& store) {
  auto adjustments = x.adjustments.begin();
  auto adjust_before = [&](std::int64_t sequence) -> caf::error {
    for (; adjustments != x.adjustments.end()
           && adjustments->second.after < sequence;
         ++adjustments) {
      auto change = adjustments->second.change;
      // Under the new numbers, it has analysed the episodes added so far.
      change.analysed = std::min(change.analysed, store.last_added());
      if (auto err = store.adjust(change))
        return err;
    }
    return {};
  };
  if (auto err = store.begin())
    return err;
  for (const auto& [sequence, row] : x.episodes) {
    if (auto err = adjust_before(sequence))
      return err;
    if (auto place = store.add(row); !place)
      return std::move(place.error());
  }
  if (auto err = adjust_before(x.last() + 1))
    return err;
  for (const auto& [number, row] : x.spacetimes)
    if (auto err = store.add_spacetime(row.id, row.body))
      return err;
  return store.commit();
}

/// Builds a new journal from the salvaged rows, complete and durable.
caf::error build_new(const salvaged& x, const fs::path& file) {
  remove_new(file);
  journal_options options;
  options.file = file;
  auto store = journal::open(options);
  if (!store)
    return std::move(store.error());
  if (x.baseline)
    if (auto err = (*store)->start_from(*x.baseline))
      return err;
  if (auto err = restore(x, **store))
    return err;
  if (auto err = (*store)->verify())
    return err;
  store->reset();
  // Closing moves the log into the database, and keeps it if that fails.
  std::error_code ignored;
  if (fs::exists(beside(file, "-wal"), ignored))
    return failure(errc::disk_full, "could not complete " + file.string()
                                      + ", probably for want of room");
  // The journal will have these files under its final name.
  for (auto extension : {".lock", ".mark", ".verified"})
    fs::remove(fs::path{file}.replace_extension(extension), ignored);
  return {};
}

/// Builds a new journal and puts it in the place of the damaged one, which is
/// moved to `aside`. After an error nothing has changed; or, once a file was
/// moved, the next opening of the journal completes the swap.
caf::error replace(const fs::path& file, const salvaged& found,
                   fs::path& aside) {
  auto made = beside(file, ".new");
  auto err = build_new(found, made);
  std::error_code failed;
  if (!err)
    fs::rename(made, repaired_file(file), failed);
  if (failed)
    err =
      failure(errc::io_error, "could not name " + repaired_file(file).string()
                                + ": " + failed.message());
  if (err) {
    remove_new(made);
    return abandoned(file, err);
  }
  err = finish_swap(file, aside);
  if (err && aside.empty()) {
    fs::remove(repaired_file(file), failed);
    return abandoned(file, err);
  }
  return err;
}

std::string without_remedy(const std::string& sentence) {
  for (auto remedy : {"; run `hololoom repair`", ": put it back; or run"})
    if (auto at = sentence.find(remedy); at != std::string::npos)
      return sentence.substr(0, at);
  return sentence;
}

} // namespace

caf::expected<repair_report> repair_journal(const fs::path& directory) {
  auto file = directory / "journal.db";
  auto unfinished = swap_pending(file);
  if (!unfinished)
    return std::move(unfinished.error());
  auto intact = verify_journal(directory);
  if (intact) {
    repair_report result;
    result.episodes = intact->episodes;
    result.spacetimes = intact->spacetimes;
    result.relearned = intact->relearned;
    if (*unfinished)
      result.problems.emplace_back("an earlier repair was cut short; it is "
                                   "finished now");
    return result;
  }
  if (!is(intact.error(), errc::corrupt))
    return std::move(intact.error());
  auto lock = file_lock::take(lock_file(file));
  if (!lock)
    return std::move(lock.error());
  auto found = salvage(file, beside(file, ".pages"));
  if (!found)
    return abandoned(file, found.error());
  auto lost = find_lost(*found, high_water_of(file));
  fs::path aside;
  if (auto err = replace(file, *found, aside))
    return err;
  repair_report result;
  result.damaged = true;
  result.relearned = true;
  std::error_code ignored;
  for (const auto& kept : {aside, beside(aside, "-wal")})
    if (result.set_aside.empty() && fs::exists(kept, ignored))
      result.set_aside = kept.string();
  for (const auto& [sequence, row] : found->episodes)
    result.episodes += row.body.empty() ? 0 : 1;
  result.spacetimes = static_cast<std::int64_t>(found->spacetimes.size());
  result.lost = lost.count;
  result.lost_ranges = std::move(lost.ranges);
  result.lost_ids = std::move(lost.ids);
  result.problems.push_back(without_remedy(explain(intact.error())));
  std::move(lost.sentences.begin(), lost.sentences.end(),
            std::back_inserter(result.problems));
  return result;
}

} // namespace hololoom
