#pragma once

#include <hololoom/messages/lifecycle.hpp>
#include <hololoom/messages/sync.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hololoom {

/// The failures of a tree's children since it was started: ends by an error
/// and starts that failed, whatever became of the child. However many fail,
/// there are two hundred lines at most. Thread-safe; it needs no supervisor
/// that answers.
class failure_record {
public:
  /// So many children that failed first have a line for good ...
  static constexpr std::size_t most_first = 100;
  /// ... and of the others, those that failed last.
  static constexpr std::size_t most_last = 100;

  /// Whether an event of this kind and reason would change the record.
  static bool wants(transition what, std::string_view reason) noexcept;

  /// Enters an event of a supervisor's.
  void enter(const lifecycle_event& event);

  /// A line a child: those that failed first, then those that failed last.
  std::vector<child_failures> lines() const;

  /// How many failures no line counts any more.
  std::int64_t left_out() const;

private:
  struct line {
    child_failures child;
    bool stays = false;
  };
  using list = std::list<line>;

  /// The line of `path`, a new one if need be, as of one that has failed last.
  child_failures& touch(const std::string& path) HOLOLOOM_REQUIRES(mutex_);

  mutable mutex mutex_;
  list first_ HOLOLOOM_GUARDED_BY(mutex_);
  list last_ HOLOLOOM_GUARDED_BY(mutex_);
  /// The lines of both, by path.
  std::unordered_map<std::string_view, list::iterator>
    by_path_ HOLOLOOM_GUARDED_BY(mutex_);
  std::int64_t left_out_ HOLOLOOM_GUARDED_BY(mutex_) = 0;
};

} // namespace hololoom
