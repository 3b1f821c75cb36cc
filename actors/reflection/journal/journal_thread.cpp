#include <hololoom/actors/reflection/journal/journal_work.hpp>

#include <thread>
#include <utility>

namespace hololoom {

journal_thread::journal_thread(options opts, callbacks calls)
  : shared_(std::make_shared<shared>()) {
  shared_->opts = std::move(opts);
  shared_->opts.journal.activity = shared_->activity;
  {
    lock_guard guard{shared_->calls_mutex};
    shared_->calls = std::move(calls);
  }
  shared_->opts.watch->begin();
  try {
    std::thread{[s = shared_] {
      work(s);
    }}.detach();
  } catch (...) {
    shared_->opts.watch->end();
    throw;
  }
}

journal_thread::~journal_thread() {
  {
    lock_guard guard{shared_->calls_mutex};
    shared_->calls = {};
  }
  close();
}

void journal_thread::submit(journal_task_ptr x) {
  shared_->queue.submit(std::move(x));
}

void journal_thread::give_up_opening() {
  shared_->give_up.request_stop();
}

void journal_thread::close() {
  shared_->queue.close();
}

std::uint64_t journal_thread::activity() const {
  return shared_->activity->total();
}

} // namespace hololoom
