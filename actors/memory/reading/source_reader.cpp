#include <hololoom/actors/memory/reading/file_walk.hpp>
#include <hololoom/actors/memory/reading/source_reader.hpp>
#include <hololoom/messages/sync.hpp>

#include <algorithm>
#include <cassert>
#include <exception>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace hololoom {

namespace {

using detail::found_file;

/// The result of reading one file.
struct file_result {
  std::vector<shard> shards;
  std::uint64_t text_bytes = 0;
  std::optional<skipped_source> skipped;
};

bool is_gzip(std::string_view bytes) {
  return bytes.starts_with("\x1F\x8B");
}

caf::expected<std::string> text_of(const found_file& file,
                                   const reading_options& options) {
  auto bytes =
    detail::read_file(file.path, options.max_file_bytes, options.stop);
  if (!bytes)
    return bytes;
  if (is_gzip(*bytes)) {
    bytes = inflate_gzip(*bytes, options.max_file_bytes);
    if (!bytes)
      return bytes;
  }
  return decode_text(std::move(*bytes));
}

file_result read_one(const found_file& file, const reading_options& options) {
  file_result result;
  try {
    auto text = text_of(file, options);
    if (!text) {
      result.skipped =
        skipped_source{file.path, code_of(text.error()), explain(text.error())};
      return result;
    }
    result.text_bytes = text->size();
    result.shards = split_text(*text, file.path, file.modified, options);
  } catch (const std::exception& e) {
    result.skipped = skipped_source{file.path, errc::io_error, e.what()};
  }
  return result;
}

/// Reads files on several threads and hands the results out in order. A thread
/// that is too far ahead of the consumer waits.
class reading_pool {
public:
  reading_pool(const std::vector<found_file>& files,
               const reading_options& options)
    : files_(files), options_(options), results_(files.size()) {
    options_.stop = stop_.get_token();
    auto count =
      options.threads != 0
        ? options.threads
        : std::max<std::size_t>(std::thread::hardware_concurrency(), 1);
    try {
      for (std::size_t i = 0; i < std::min(count, files.size()); ++i)
        threads_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      // Fewer threads do; without any, `take` reads.
    }
  }

  reading_pool(const reading_pool&) = delete;
  reading_pool& operator=(const reading_pool&) = delete;

  ~reading_pool() {
    request_stop();
    for (auto& x : threads_)
      x.join();
  }

  /// Ends the reading of the files under way.
  void request_stop() {
    lock_guard guard{mutex_};
    stop_.request_stop();
    changed_.notify_all();
  }

  /// The next file's result; waits for it. None after a stop.
  std::optional<file_result> take() {
    unique_lock guard{mutex_};
    assert(taken_ < results_.size());
    if (threads_.empty()) {
      const auto& file = files_[taken_];
      guard.unlock();
      auto result = read_one(file, options_);
      guard.lock();
      results_[taken_] = std::move(result);
    }
    while (!results_[taken_] && !stop_.stop_requested())
      changed_.wait(guard);
    if (stop_.stop_requested())
      return std::nullopt;
    auto result = std::move(results_[taken_]);
    results_[taken_].reset();
    ++taken_;
    guard.unlock();
    changed_.notify_all();
    return result;
  }

private:
  static constexpr std::size_t ahead = 48;

  void work() {
    unique_lock guard{mutex_};
    for (;;) {
      while (!stop_.stop_requested() && next_ < files_.size()
             && next_ >= taken_ + ahead)
        changed_.wait(guard);
      if (stop_.stop_requested() || next_ == files_.size())
        return;
      auto mine = next_++;
      guard.unlock();
      auto result = read_one(files_[mine], options_);
      guard.lock();
      results_[mine] = std::move(result);
      changed_.notify_all();
    }
  }

  const std::vector<found_file>& files_;
  std::stop_source stop_;
  reading_options options_;
  mutex mutex_;
  condition changed_;
  std::vector<std::optional<file_result>> results_ HOLOLOOM_GUARDED_BY(mutex_);
  /// The next file to read.
  std::size_t next_ HOLOLOOM_GUARDED_BY(mutex_) = 0;
  /// The number of results handed out.
  std::size_t taken_ HOLOLOOM_GUARDED_BY(mutex_) = 0;
  std::vector<std::thread> threads_;
};

/// Collects whole files into batches.
class batcher {
public:
  batcher(const batch_sink& sink, const reading_options& options)
    : sink_(sink), limit_(options.batch_bytes) {}

  caf::error add(const found_file& file, file_result result) {
    bytes_ += result.text_bytes;
    auto& shards = batch_.shards;
    shards.insert(shards.end(), std::make_move_iterator(result.shards.begin()),
                  std::make_move_iterator(result.shards.end()));
    batch_.sources.push_back(file.path);
    return bytes_ >= limit_ ? flush() : caf::error{};
  }

  caf::error flush() {
    if (batch_.sources.empty())
      return {};
    bytes_ = 0;
    return sink_(std::exchange(batch_, {}));
  }

private:
  const batch_sink& sink_;
  std::size_t limit_;
  source_batch batch_;
  std::uint64_t bytes_ = 0;
};

/// A file that no descriptor is left for is not at fault: to go on would leave
/// it out.
caf::error no_descriptor(const std::vector<skipped_source>& skipped) {
  for (const auto& x : skipped)
    if (x.code == errc::unavailable)
      return failure(x.code, "cannot read " + x.path + ": " + x.reason
                               + "; raise the limit on open files (ulimit "
                                 "-n)");
  return {};
}

} // namespace

caf::expected<reading_report>
read_sources(const std::vector<std::string>& paths, const batch_sink& sink,
             const reading_options& options, const progress_sink& progress) {
  auto found = detail::walk(paths, options.stop);
  reading_report report;
  report.skipped = std::move(found.skipped);
  if (auto err = no_descriptor(report.skipped))
    return err;
  reading_progress done;
  done.files_total = found.files.size();
  for (const auto& file : found.files)
    done.bytes_total += file.size;
  batcher batches{sink, options};
  reading_pool pool{found.files, options};
  std::stop_callback forward{options.stop, [&] {
                               pool.request_stop();
                             }};
  for (const auto& file : found.files) {
    auto result = pool.take();
    if (!result)
      return detail::reading_called_off();
    if (result->skipped) {
      if (auto err = no_descriptor({*result->skipped}))
        return err;
      report.skipped.push_back(std::move(*result->skipped));
    } else {
      ++report.files;
      report.shards += result->shards.size();
      report.text_bytes += result->text_bytes;
      if (auto err = batches.add(file, std::move(*result)))
        return err;
    }
    ++done.files;
    done.bytes += file.size;
    if (progress)
      progress(done);
  }
  if (auto err = batches.flush())
    return err;
  if (options.stop.stop_requested())
    return detail::reading_called_off();
  std::stable_sort(report.skipped.begin(), report.skipped.end(),
                   [](const skipped_source& x, const skipped_source& y) {
                     return x.path < y.path;
                   });
  return report;
}

} // namespace hololoom
