#include <hololoom/actors/supervision/core/board.hpp>
#include <hololoom/actors/supervision/directory.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <iterator>
#include <utility>

namespace hololoom {

namespace {

/// Children that are copied while a board's lock is held once.
constexpr std::size_t chunk = 512;

} // namespace

caf::strong_actor_ptr directory::find(std::string_view name) const {
  if (auto slash = name.rfind('/'); slash != std::string_view::npos) {
    auto b = board_at(name.substr(0, slash));
    return b ? b->find_handle(name.substr(slash + 1)) : nullptr;
  }
  caf::strong_actor_ptr result;
  read_guard guard{mutex_};
  for (const auto& [path, b] : boards_) {
    if (auto ptr = b->find_handle(name)) {
      if (result)
        return nullptr; // Two of that name: only a path tells them apart.
      result = std::move(ptr);
    }
  }
  return result;
}

tree_snapshot directory::snapshot(std::string_view path,
                                  caf::actor_clock::time_point now) const {
  tree_snapshot result;
  // Children in start order, each followed by its own.
  auto visit = [&](auto& self, const std::shared_ptr<board>& b) -> void {
    std::uint64_t order = 0;
    for (;;) {
      auto entries = b->copy_after(order, chunk, now);
      for (auto& e : entries) {
        auto below = e.nested ? board_at(e.status.path) : nullptr;
        result.children.push_back(std::move(e.status));
        if (below)
          self(self, below);
      }
      if (entries.size() < chunk)
        return;
    }
  };
  if (auto b = board_at(path)) {
    child_status top;
    top.path = std::string{path};
    top.kind = "supervisor";
    top.state = child_state::running;
    top.incarnation = 1;
    result.children.push_back(std::move(top));
    visit(visit, b);
  }
  return result;
}

template <class Suits>
std::vector<living_child> directory::living_if(std::string_view path,
                                               Suits suits) const {
  auto below = std::string{path} + "/";
  std::vector<std::shared_ptr<board>> found;
  {
    read_guard guard{mutex_};
    for (const auto& [name, b] : boards_)
      if ((name == path || name.starts_with(below)) && suits(*b))
        found.push_back(b);
  }
  std::vector<living_child> result;
  for (const auto& b : found) {
    auto some = b->living();
    std::erase_if(some, [](const living_child& x) {
      return is_down(x.handle) && !x.probe;
    });
    result.insert(result.end(), std::make_move_iterator(some.begin()),
                  std::make_move_iterator(some.end()));
  }
  return result;
}

caf::strong_actor_ptr directory::supervisor(std::string_view path) const {
  auto b = board_at(path);
  return b ? caf::actor_cast<caf::strong_actor_ptr>(b->supervisor()) : nullptr;
}

std::vector<living_child> directory::living(std::string_view path) const {
  return living_if(path, [](const board&) { return true; });
}

std::vector<living_child> directory::unasked(std::string_view path) const {
  return living_if(path, [](const board& b) { return !b.stopping(); });
}

void directory::add(std::shared_ptr<board> b) {
  write_guard guard{mutex_};
  auto path = b->path();
  boards_[std::move(path)] = std::move(b);
}

void directory::remove(const board* b) {
  std::shared_ptr<board> keep; // Destroyed outside of the lock.
  write_guard guard{mutex_};
  if (auto i = boards_.find(b->path());
      i != boards_.end() && i->second.get() == b) {
    keep = std::move(i->second);
    boards_.erase(i);
  }
}

std::shared_ptr<board> directory::board_at(std::string_view path) const {
  read_guard guard{mutex_};
  auto i = boards_.find(std::string{path});
  return i != boards_.end() ? i->second : nullptr;
}

} // namespace hololoom
