#include <hololoom/actors/supervision/core/board.hpp>
#include <hololoom/actors/supervision/directory.hpp>
#include <hololoom/messages/caf/exit.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace hololoom {

namespace {

/// Children that are copied while a board's lock is held once.
constexpr std::size_t chunk = 512;

/// Children of a supervisor are counted up to here.
constexpr std::size_t most_counted = 20'000;

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

caf::expected<std::string> directory::path_of(std::string_view name) const {
  auto slash = name.rfind('/');
  auto whole = slash != std::string_view::npos;
  auto last = whole ? name.substr(slash + 1) : name;
  std::vector<std::string> found;
  {
    read_guard guard{mutex_};
    for (const auto& [path, b] : boards_)
      if ((!whole || path == name.substr(0, slash)) && b->knows(last))
        found.push_back(path);
  }
  if (found.empty())
    return failure(errc::not_found,
                   "no child is called '" + std::string{name} + "'");
  if (found.size() > 1)
    return failure(errc::not_found, "both " + found[0] + " and " + found[1]
                                      + " have a child '" + std::string{name}
                                      + "': give a path");
  return found[0] + "/" + std::string{last};
}

caf::expected<caf::strong_actor_ptr>
directory::stand_in(caf::actor_system& system, std::string_view name) const {
  auto path = path_of(name);
  if (!path)
    return std::move(path.error());
  if (auto result = stand_ins_.get(system, weak_from_this(), *path))
    return result;
  return failure(errc::unavailable,
                 "the tree with '" + std::string{name} + "' has ended");
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

namespace {

std::vector<living_child>
living_of(const std::vector<std::shared_ptr<board>>& boards) {
  std::vector<living_child> result;
  for (const auto& b : boards) {
    std::uint64_t order = 0;
    for (;;) {
      auto some = b->living_after(order, chunk);
      if (some.empty())
        break;
      result.insert(result.end(), std::make_move_iterator(some.begin()),
                    std::make_move_iterator(some.end()));
    }
  }
  return result;
}

} // namespace

std::vector<std::shared_ptr<board>>
directory::boards_below(std::string_view path) const {
  auto below = std::string{path} + "/";
  std::vector<std::shared_ptr<board>> result;
  read_guard guard{mutex_};
  for (const auto& [name, b] : boards_)
    if (name == path || name.starts_with(below))
      result.push_back(b);
  return result;
}

caf::strong_actor_ptr directory::supervisor(std::string_view path) const {
  auto b = board_at(path);
  return b ? caf::actor_cast<caf::strong_actor_ptr>(b->supervisor()) : nullptr;
}

std::vector<living_child> directory::living(std::string_view path) const {
  return living_of(boards_below(path));
}

std::vector<living_child> directory::unasked(std::string_view path) const {
  auto boards = boards_below(path);
  std::erase_if(boards, [](const auto& b) { return b->stopping(); });
  return living_of(boards);
}

living_walk directory::claim(const std::string& path,
                             const std::vector<std::string>& except,
                             std::vector<living_child> first) const {
  auto is_below_excepted = [&](const std::string& x) {
    return std::any_of(except.begin(), except.end(), [&](const auto& name) {
      auto top = path + "/" + name;
      return x == top || x.starts_with(top + "/");
    });
  };
  std::vector<living_walk::parent> parents;
  for (auto& b : boards_below(path)) {
    if (is_below_excepted(b->path()))
      continue;
    auto& x = parents.emplace_back();
    if (b->path() == path)
      x.except = {except.begin(), except.end()};
    x.children = std::move(b);
  }
  return living_walk{std::move(parents), std::move(first)};
}

std::optional<living_child>
directory::living_child_at(std::string_view path) const {
  auto slash = path.rfind('/');
  auto b =
    slash != std::string_view::npos ? board_at(path.substr(0, slash)) : nullptr;
  return b ? b->living_called(path.substr(slash + 1)) : std::nullopt;
}

std::size_t directory::count(std::string_view path) const {
  std::size_t result = 0;
  for (const auto& b : boards_below(path))
    result += b->count_living(most_counted);
  return result;
}

std::vector<living_child> directory::supervisors(std::string_view path) const {
  std::vector<living_child> result;
  for (const auto& b : boards_below(path)) {
    living_child x;
    x.path = b->path();
    x.kind = "supervisor";
    x.handle = caf::actor_cast<caf::strong_actor_ptr>(b->supervisor());
    x.nested = true;
    if (x.path != path && !is_down(x.handle))
      result.push_back(std::move(x));
  }
  return result;
}

std::shared_ptr<const void> directory::claim_root(const std::string& path) {
  write_guard guard{mutex_};
  auto& claimed = roots_[path];
  if (!claimed.expired())
    return nullptr;
  auto result = std::make_shared<char>();
  claimed = result;
  return result;
}

void directory::add(std::shared_ptr<board> b) {
  write_guard guard{mutex_};
  auto path = b->path();
  boards_[std::move(path)] = std::move(b);
}

void directory::remove(const board* b) {
  std::shared_ptr<board> keep; // Destroyed outside of the lock.
  auto was_last = false;
  {
    write_guard guard{mutex_};
    if (auto i = boards_.find(b->path());
        i != boards_.end() && i->second.get() == b) {
      keep = std::move(i->second);
      boards_.erase(i);
      was_last = boards_.empty();
    }
  }
  if (was_last)
    stand_ins_.end();
}

std::shared_ptr<board> directory::board_at(std::string_view path) const {
  read_guard guard{mutex_};
  auto i = boards_.find(std::string{path});
  return i != boards_.end() ? i->second : nullptr;
}

} // namespace hololoom
