// How a journal verifies itself, and what it does about damage.

#include <hololoom/actors/reflection/journal/journal.hpp>

#include <utility>

namespace hololoom {

namespace {

/// How often the progress of a verification is written to its file.
constexpr auto record_interval = std::chrono::seconds{1};

} // namespace

journal::~journal() {
  try {
    if (verified_)
      verified_->write_at_end(record());
  } catch (...) {
    // The next opening begins anew.
  }
}

caf::error journal::verify(const std::stop_token& stop) {
  // It leaves no trace.
  verified_.reset();
  db_.stop_with(stop);
  auto err = check_structure("1");
  if (!err) {
    verification whole{db_, options_.file.string()};
    err = run(whole, [&] { return !stop.stop_requested(); });
  }
  db_.stop_with({});
  if (stop.stop_requested())
    return failure(errc::cancelled, "the verification of "
                                      + options_.file.string()
                                      + " was called off");
  if (err) {
    found_damage(err);
    return err;
  }
  verification_.reset();
  damage_ = caf::error{};
  keep_bytes(false);
  return {};
}

/// The structure, and the rows with the indexes: each reads most pages.
caf::expected<std::int64_t> journal::reads_to_verify() {
  auto pages = db_.number("PRAGMA page_count");
  return pages ? 2 * *pages : pages;
}

caf::error journal::check_structure(const std::string& what) {
  auto verdict = db_.text("PRAGMA quick_check(" + what + ")");
  if (!verdict)
    return std::move(verdict.error());
  if (*verdict == "ok")
    return {};
  // The first line names the database.
  return failure(errc::corrupt,
                 options_.file.string()
                   + " is damaged: " + verdict->substr(verdict->find('\n') + 1)
                   + "; run `hololoom repair` on its directory, nothing was "
                     "overwritten");
}

bool journal::verify_some(const verification::go_on& may_go_on) {
  if (!verification_)
    return false;
  if (auto err = run(*verification_, may_go_on)) {
    found_damage(err);
    return false;
  }
  if (verification_->progress().done())
    verification_.reset();
  auto now = std::chrono::steady_clock::now();
  if (verified_ && (!verification_ || now - recorded_at_ >= record_interval)) {
    verified_->write(record());
    recorded_at_ = now;
  }
  return verification_.has_value();
}

/// The episodes are the truth, should another build have computed other bits.
caf::error journal::run(verification& x, const verification::go_on& may_go_on) {
  if (auto err = x.run(extent(), may_go_on))
    return err;
  if (auto anew = x.take_relearned()) {
    shared_->change([&](learned_state& to) { to = std::move(*anew); });
    relearned_ = save_state_ = true;
    // If it cannot be written now, the next commit does.
    (void)probe();
  }
  return {};
}

void journal::begin_verification() {
  verification_progress from;
  // The record is of a file that stat can see.
  if (options_.vfs.empty())
    verified_.emplace(options_.file);
  auto found = verified_ ? verified_->read() : std::nullopt;
  if (found && !found->damage.empty())
    return found_damage(failure(errc::corrupt, found->damage));
  if (found && found->episodes_dropped == baseline_.sequence
      && found->spacetimes_dropped == spacetimes_dropped_)
    from = std::move(found->progress);
  verification_.emplace(db_, options_.file.string(), std::move(from));
}

void journal::found_damage(const caf::error& what) {
  if (damage_)
    return;
  damage_ = what;
  verification_.reset();
  keep_bytes(true);
  if (verified_)
    verified_->write(record());
}

journal_extent journal::extent() const {
  return {baseline_, learned_, spacetimes_dropped_, spacetimes_recorded_};
}

verification_record journal::record() const {
  verification_record result;
  result.episodes_dropped = baseline_.sequence;
  result.spacetimes_dropped = spacetimes_dropped_;
  if (verification_)
    result.progress = verification_->progress();
  // The disk may have had a bad moment; what is damaged stays damaged.
  if (is(damage_, errc::corrupt))
    result.damage = explain(damage_);
  return result;
}

} // namespace hololoom
