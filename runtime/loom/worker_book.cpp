#include <hololoom/runtime/loom/worker_book.hpp>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace hololoom::detail {

void worker_book::keep(child_spec_ptr spec) {
  if (spec->restart == restart_type::temporary)
    return;
  lock_guard guard{mutex_};
  specs_.push_back(std::move(spec));
}

void worker_book::drop(const child_spec_ptr& spec) {
  lock_guard guard{mutex_};
  std::erase(specs_, spec);
}

void worker_book::forget(std::string_view name) {
  lock_guard guard{mutex_};
  std::erase_if(specs_,
                [&](const child_spec_ptr& x) { return x->name == name; });
}

bool worker_book::forget_transient(std::string_view name) {
  lock_guard guard{mutex_};
  return std::erase_if(specs_,
                       [&](const child_spec_ptr& x) {
                         return x->name == name
                             && x->restart == restart_type::transient;
                       })
       > 0;
}

std::vector<child_spec> worker_book::specs() const {
  lock_guard guard{mutex_};
  std::vector<child_spec> result;
  std::unordered_set<std::string_view> names;
  for (const auto& x : specs_)
    if (names.insert(x->name).second)
      result.push_back(*x);
  return result;
}

} // namespace hololoom::detail
