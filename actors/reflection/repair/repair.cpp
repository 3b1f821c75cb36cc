#include <hololoom/actors/reflection/journal/journal.hpp>
#include <hololoom/actors/reflection/repair/repair.hpp>
#include <hololoom/actors/reflection/repair/salvage.hpp>
#include <hololoom/actors/reflection/repair/swap.hpp>
#include <hololoom/actors/storage/high_water_mark.hpp>
#include <hololoom/actors/storage/sqlite_format/log_check.hpp>

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

/// Removes what there is of the new journal, and what an open one has beside
/// it.
void remove_new(const fs::path& file) {
  std::error_code ignored;
  for (auto suffix : {"", "-wal", "-journal"})
    fs::remove(beside(file, suffix), ignored);
  for (auto extension : {".lock", ".mark"})
    fs::remove(fs::path{file}.replace_extension(extension), ignored);
}

/// The repair is called off: the damaged journal is as it was.
caf::error called_off(const fs::path& file, const caf::error& why) {
  auto sentence = explain(why);
  return failure(code_of(why),
                 "could not repair " + file.string() + ": "
                   + sentence.substr(0, sentence.find("; "))
                   + "; nothing was changed: "
                   + (is(why, errc::disk_full) ? "make room on its disk"
                                               : "look at its disk")
                   + " and repair again");
}

/// Puts what was salvaged into `store`, a new journal, in its order; episodes
/// are numbered anew where others are lost.
caf::error restore(const salvaged& x, journal& store) {
  auto adjustments = x.adjustments.begin();
  auto adjust_before = [&](std::int64_t sequence) -> caf::error {
    for (; adjustments != x.adjustments.end()
           && adjustments->second.after < sequence;
         ++adjustments) {
      auto what = adjustments->second.what;
      // It looked at what is here, under the new numbers.
      what.analysed = std::min(what.analysed, store.drafted());
      if (auto err = store.adjust(what))
        return err;
    }
    return {};
  };
  if (auto err = store.begin())
    return err;
  for (const auto& [sequence, record] : x.episodes) {
    if (auto err = adjust_before(sequence))
      return err;
    if (auto place = store.add(record); !place)
      return std::move(place.error());
  }
  if (auto err = adjust_before(x.last() + 1))
    return err;
  for (const auto& [number, recorded] : x.spacetimes)
    if (auto err = store.record(recorded.first, recorded.second))
      return err;
  return store.commit();
}

/// Makes a new journal from what was salvaged, complete and on disk.
caf::error build(const salvaged& x, const fs::path& file) {
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
  // Closing folds the log into the journal, and keeps it when that fails.
  if (fs::exists(beside(file, "-wal")))
    return failure(errc::disk_full, "could not complete " + file.string()
                                      + ", probably for want of room");
  // What an open journal has beside it, this one has under its final name.
  for (auto extension : {".lock", ".mark"})
    fs::remove(fs::path{file}.replace_extension(extension));
  return {};
}

/// Makes a new journal and puts it in the place of the damaged one, which is
/// `aside` then. An error leaves everything as it was, or, once something was
/// moved, to whoever opens the journal next.
caf::error replace(const fs::path& file, const salvaged& found,
                   fs::path& aside) {
  auto made = beside(file, ".new");
  auto err = build(found, made);
  std::error_code failed;
  if (!err)
    fs::rename(made, repaired_file(file), failed);
  if (failed)
    err =
      failure(errc::io_error, "could not name " + repaired_file(file).string()
                                + ": " + failed.message());
  if (err) {
    remove_new(made);
    return called_off(file, err);
  }
  err = finish_swap(file, aside);
  if (err && aside.empty()) {
    fs::remove(repaired_file(file), failed);
    return called_off(file, err);
  }
  return err;
}

/// Checks the journal as a whole.
caf::expected<repair_report> inspect_journal(const fs::path& file) {
  journal_options options;
  options.file = file;
  auto store = journal::open(options);
  if (!store)
    return std::move(store.error());
  if (auto err = (*store)->verify())
    return err;
  repair_report result;
  if ((result.relearned = (*store)->relearned()))
    if (auto err = (*store)->probe())
      return err;
  auto stored = (*store)->stored();
  if (!stored)
    return std::move(stored.error());
  result.episodes = *stored;
  auto spacetimes = (*store)->recorded();
  if (!spacetimes)
    return std::move(spacetimes.error());
  result.spacetimes = *spacetimes;
  return result;
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
  if (!fs::exists(file) && !unfinished && !check_absence(file))
    return failure(errc::not_found,
                   "there is no journal in " + directory.string());
  auto intact = inspect_journal(file);
  if (intact && unfinished)
    intact->problems.emplace_back("an earlier repair was cut short; it is "
                                  "finished now");
  if (intact || !is(intact.error(), errc::corrupt))
    return intact;
  auto lock = file_lock::take(directory / "journal.lock");
  if (!lock)
    return std::move(lock.error());
  auto found = salvage(file);
  auto lost = losses_of(found, high_water_of(file));
  fs::path aside;
  if (auto err = replace(file, found, aside))
    return err;
  repair_report result;
  result.damaged = true;
  result.relearned = true;
  for (const auto& kept : {aside, beside(aside, "-wal")})
    if (result.set_aside.empty() && fs::exists(kept))
      result.set_aside = kept.string();
  for (const auto& [sequence, record] : found.episodes)
    result.episodes += record.body.empty() ? 0 : 1;
  result.spacetimes = static_cast<std::int64_t>(found.spacetimes.size());
  result.lost = lost.count;
  result.lost_ranges = std::move(lost.ranges);
  result.lost_ids = std::move(lost.ids);
  result.problems.push_back(without_remedy(explain(intact.error())));
  std::move(lost.sentences.begin(), lost.sentences.end(),
            std::back_inserter(result.problems));
  return result;
}

} // namespace hololoom
