#pragma once

#include <hololoom/actors/supervision/child_spec.hpp>
#include <hololoom/messages/sync.hpp>

#include <string_view>
#include <vector>

namespace hololoom::detail {

/// The background workers that a loom has been given and that are to be there:
/// a supervisor that is restarted starts them again. Temporary ones are not
/// kept. Thread-safe.
class worker_book {
public:
  void keep(child_spec_ptr spec);

  /// Forgets that one spec.
  void drop(const child_spec_ptr& spec);

  /// Forgets the worker of that name.
  void forget(std::string_view name);

  /// Forgets the worker of that name if it is transient.
  /// @returns whether it was.
  bool forget_transient(std::string_view name);

  /// One for each name, in the order in which they were kept.
  std::vector<child_spec> specs() const;

private:
  mutable mutex mutex_;
  std::vector<child_spec_ptr> specs_ HOLOLOOM_GUARDED_BY(mutex_);
};

} // namespace hololoom::detail
