#include <hololoom/actors/reflection/journal/journal.hpp>
#include <hololoom/actors/reflection/journal/swap.hpp>
#include <hololoom/actors/reflection/repair/repair.hpp>
#include <hololoom/actors/reflection/repair/salvage.hpp>
#include <hololoom/actors/reflection/repair/verify_journal.hpp>
#include <hololoom/actors/storage/high_water_mark.hpp>

#include <algorithm>
#include <iterator>
#include <map>
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

/// Adds salvaged rows to a new journal, in transactions of a bounded size.
class restorer {
public:
  restorer(salvaged& from, journal& to)
    : from_(from), to_(to), adjustment_(from.adjustments.begin()) {}

  /// Adds all, in order. Episodes that follow a lost one get new sequence
  /// numbers.
  caf::error run() {
    if (auto err = to_.begin())
      return err;
    auto err =
      from_.rows.for_each_episode([&](const episode_row& x) { return add(x); });
    if (err || (err = adjust_before(from_.last() + 1)))
      return err;
    err = from_.rows.for_each_spacetime([&](const spacetime_row& x) {
      return added(x.body.size(), to_.add_spacetime(x.id, x.body));
    });
    return err ? err : to_.commit();
  }

private:
  caf::error add(const episode_row& x) {
    if (auto err = adjust_before(x.sequence))
      return err;
    auto place = to_.add(x);
    return added(x.body.size(), place ? caf::error{} : place.error());
  }

  caf::error adjust_before(std::int64_t sequence) {
    for (; adjustment_ != from_.adjustments.end()
           && adjustment_->second.after < sequence;
         ++adjustment_) {
      auto change = adjustment_->second.change;
      // Under the new numbers, it has analysed the episodes added so far.
      change.analysed = std::min(change.analysed, to_.last_added());
      if (auto err = to_.adjust(change))
        return err;
    }
    return {};
  }

  /// Commits once there are enough rows.
  caf::error added(std::size_t bytes, caf::error err) {
    constexpr std::size_t most_rows = 10'000;
    constexpr std::size_t most_bytes = 1 << 20;
    rows_ += 1;
    bytes_ += bytes;
    // Of two with one id, which cannot be if the baseline is intact, the first
    // one stays.
    if (err && !is(err, errc::id_conflict))
      return err;
    if (rows_ < most_rows && bytes_ < most_bytes)
      return {};
    rows_ = bytes_ = 0;
    if ((err = to_.commit()) || (err = to_.tend(true)))
      return err;
    return to_.begin();
  }

  salvaged& from_;
  journal& to_;
  std::map<std::int64_t, adjustment_row>::const_iterator adjustment_;
  std::size_t rows_ = 0;
  std::size_t bytes_ = 0;
};

/// Builds a new journal from the salvaged rows, complete and durable.
caf::error build_new(salvaged& x, const fs::path& file) {
  remove_new(file);
  journal_options options;
  options.file = file;
  auto store = journal::open(options);
  if (!store)
    return std::move(store.error());
  if (x.baseline)
    if (auto err = (*store)->start_from(*x.baseline))
      return err;
  if (auto err = restorer{x, **store}.run())
    return err;
  // Makes room for the new journal's log, which goes into its database now.
  x.rows = {};
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
caf::error replace(const fs::path& file, salvaged& found, fs::path& aside) {
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
  auto found = salvage(file);
  if (!found)
    return abandoned(file, found.error());
  auto lost = find_lost(*found, high_water_of(file));
  auto texts = found->rows.count_texts();
  auto spacetimes = found->rows.count_spacetimes();
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
  result.episodes = texts;
  result.spacetimes = spacetimes;
  result.lost = lost.count;
  result.without_text = found->without_text.size();
  result.lost_ranges = std::move(lost.ranges);
  result.lost_ids = std::move(lost.ids);
  result.problems.push_back(without_remedy(explain(intact.error())));
  std::move(lost.sentences.begin(), lost.sentences.end(),
            std::back_inserter(result.problems));
  return result;
}

} // namespace hololoom
