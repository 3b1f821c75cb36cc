#include <hololoom/actors/memory/shard_memory.hpp>

#include <algorithm>
#include <deque>
#include <future>
#include <iterator>
#include <thread>
#include <utility>

namespace hololoom::detail {

namespace {

/// Rows that are indexed at once.
constexpr std::size_t rows_at_once = 8192;

/// Indexes rows on other threads than the one that reads them, one batch per
/// core at a time.
class parallel_indexing {
public:
  explicit parallel_indexing(shard_index_ptr onto)
    : index_(std::move(onto)),
      most_(std::max(std::thread::hardware_concurrency(), 1U)) {}

  void add(stored_rows rows) {
    if (under_way_.size() >= most_)
      take();
    // Deferred to the reading thread if the system refuses another.
    under_way_.push_back(
      std::async(std::launch::async | std::launch::deferred,
                 [empty = index_, rows = std::move(rows)]() mutable -> part {
                   auto shards = std::move(rows).decode();
                   if (!shards)
                     return std::move(shards.error());
                   return empty->with(std::move(*shards));
                 }));
  }

  caf::expected<shard_index_ptr> finish() {
    while (!under_way_.empty())
      take();
    if (error_)
      return error_;
    parts_.insert(parts_.begin(), index_);
    return shard_index::join(parts_);
  }

private:
  using part = caf::expected<shard_index_ptr>;

  void take() {
    auto made = under_way_.front().get();
    under_way_.pop_front();
    if (made)
      parts_.push_back(std::move(*made));
    else if (!error_)
      error_ = std::move(made.error());
  }

  shard_index_ptr index_;
  std::size_t most_;
  std::deque<std::future<part>> under_way_;
  std::vector<shard_index_ptr> parts_;
  caf::error error_;
};

std::size_t at_least(std::int64_t x, std::int64_t least) {
  return static_cast<std::size_t>(std::max(x, least));
}

} // namespace

shard_memory::shard_memory(const memory_options& options, std::stop_token stop)
  : options_(options),
    stop_(std::move(stop)),
    index_(shard_index::empty(hashing_encoder(at_least(options.dimension, 8)),
                              {at_least(options.candidates, 1),
                               at_least(options.cached_vectors, 1)})) {}

caf::error shard_memory::open(const start_progress_sink& tell) {
  if (!options_.path) {
    store_ = make_volatile_store();
    return {};
  }
  auto store = open_shard_store(*options_.path);
  if (!store)
    return std::move(store.error());
  store_ = std::move(*store);
  parallel_indexing indexing{index_};
  start_progress progress{"indexing the memory", 0, store_->size()};
  auto add = [&](stored_rows rows) {
    progress.done += std::ssize(rows.rows);
    indexing.add(std::move(rows));
    if (tell)
      tell(progress);
  };
  if (auto err = store_->for_each(rows_at_once, add, stop_))
    return err;
  auto indexed = indexing.finish();
  if (!indexed)
    return std::move(indexed.error());
  index_ = std::move(*indexed);
  return {};
}

caf::expected<remember_ack> shard_memory::remember(remember_request request) {
  auto expected =
    static_cast<std::int64_t>(index_->size() + request.shards.size());
  // Near the limit, the number of new shards decides.
  if (expected > options_.max_shards) {
    auto fresh =
      std::count_if(request.shards.begin(), request.shards.end(),
                    [this](const shard& x) { return !index_->find(x.id); });
    if (static_cast<std::int64_t>(index_->size()) + fresh > options_.max_shards)
      return failure(errc::overloaded,
                     "could not remember " + std::to_string(fresh)
                       + " more shards: the memory holds "
                       + std::to_string(index_->size()) + " of at most "
                       + std::to_string(options_.max_shards)
                       + "; raise memory.max_shards");
  }
  auto change = store_->put(std::move(request), stop_);
  if (!change)
    return std::move(change.error());
  if (!change->removed.empty())
    index_ = index_->with({}, change->removed);
  auto next = std::make_move_iterator(change->written.begin());
  auto end = std::make_move_iterator(change->written.end());
  while (next != end && !stop_.stop_requested()) {
    auto some = next + std::min<std::ptrdiff_t>(end - next, rows_at_once);
    index_ = index_->with({next, some});
    next = some;
  }
  return change->counts;
}

} // namespace hololoom::detail
