#include <hololoom/runtime/loom/admission.hpp>

namespace hololoom::detail {

caf::error loom_is_closed() {
  return failure(errc::closed, "the loom is closed; open a new one");
}

thread_local const admission* last_words::heard_by = nullptr;

bool admission::closes() const {
  auto now = state();
  return now == loom_state::draining || now == loom_state::closing
      || now == loom_state::closed;
}

void admission::open() {
  auto expected = loom_state::starting;
  state_.compare_exchange_strong(expected, loom_state::running);
}

void admission::fail() {
  auto expected = loom_state::running;
  if (state_.compare_exchange_strong(expected, loom_state::failed))
    return;
  expected = loom_state::starting;
  state_.compare_exchange_strong(expected, loom_state::failed);
}

caf::error admission::refusal() const {
  switch (state()) {
    case loom_state::running:
    case loom_state::degraded: return {};
    case loom_state::draining:
      if (hears_last_words_ && last_words::are_for(*this))
        return {};
      [[fallthrough]];
    case loom_state::closing:
      return failure(errc::shutting_down,
                     "the loom is shutting down and takes no new work");
    case loom_state::failed:
      return failure(errc::closed,
                     "the loom has failed: its root supervisor gave up or went "
                     "down; close it and open a new one");
    default: return loom_is_closed();
  }
}

caf::error admission::weave_refusal() {
  auto err = refusal();
  if (!is(err, errc::shutting_down))
    return err;
  lock_guard guard{mutex_};
  if (tally_closed_)
    return loom_is_closed();
  ++counts_->refused;
  return err;
}

caf::error admission::failure_of(const caf::error& why) const {
  auto err = refusal();
  return err ? err : why;
}

caf::error admission::weave_failure_of(const caf::error& why) {
  auto err = weave_refusal();
  return err ? err : why;
}

weave_tally admission::close_tally() {
  lock_guard guard{mutex_};
  tally_closed_ = true;
  return counts_->tally();
}

} // namespace hololoom::detail
