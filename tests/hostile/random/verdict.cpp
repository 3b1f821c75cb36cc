#include "hostile/random/verdict.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

namespace hololoom::hostile {

using namespace std::chrono_literals;

namespace {

/// Clocks are read one after the other.
constexpr auto blink = 2ms;

/// As the program sets it.
constexpr std::size_t pool_size = 4;

bool any_of(const std::vector<tree_node>& xs,
            const std::function<bool(const tree_node&)>& f) {
  return std::any_of(xs.begin(), xs.end(), [&](const tree_node& x) {
    return f(x) || any_of(x.children, f);
  });
}

/// The last name of a path, whatever incarnation it is.
std::string last_of(const std::string& path) {
  auto last = path.substr(path.rfind('/') + 1);
  return last.substr(0, last.find('~'));
}

bool is_named(const recorded_life& x, const std::string& name) {
  return name == x.path || name == x.incarnation;
}

class verdict {
public:
  verdict(const random_case& x, const outcome& seen, const record& truth)
    : case_(x), seen_(seen), truth_(truth) {
    for (const auto& name : seen.report["abandoned"])
      abandoned_.insert(name.get<std::string>());
    for (const auto& child : seen.report["children"])
      fates_[child["name"].get<std::string>()] =
        child["ended"].get<std::string>();
    for (const auto& life : truth.lives) {
      lives_[life.path].push_back(&life);
      if (lives_at(life, truth.closed) && blocks_pool(life.path))
        ++starving_;
    }
    if (auto forced = seen.report["first_force_at_ms"]; !forced.is_null())
      forced_ =
        truth.asked
        + std::chrono::duration_cast<moment::duration>(
          std::chrono::duration<double, std::milli>{forced.get<double>()});
  }

  std::vector<std::string> problems() {
    check_time();
    check_code();
    check_processes();
    check_threads();
    for (const auto& name : abandoned_)
      check_abandoned(name);
    for (const auto& [path, lives] : lives_)
      check_lives(path, lives);
    return std::move(problems_);
  }

private:
  void wrong(std::string what) { problems_.push_back(std::move(what)); }

  /// The grace; the force, twice because children that end during it have it
  /// begin anew; for each supervisor that hangs, what it has to see its
  /// children's ends; the flush; and half a second.
  void check_time() {
    auto limit = case_.grace + 2 * case_.kill_wait + 500ms;
    for (const auto& [path, lives] : lives_)
      if (is_supervisor(path))
        limit += 100ms;
    auto flush = seen_.report["flush"]["ms"];
    if (flush.is_number())
      limit += ms{static_cast<int>(flush.get<double>())};
    auto took = std::chrono::duration_cast<ms>(seen_.closed - truth_.asked);
    if (took > limit)
      wrong("it took " + std::to_string(took.count()) + " ms of "
            + std::to_string(limit.count()));
  }

  void check_code() {
    auto forced =
      !abandoned_.empty() || !seen_.report["first_force_at_ms"].is_null();
    auto expected = forced                                    ? 75
                  : !seen_.report["flush"]["error"].is_null() ? 74
                                                              : 0;
    if (seen_.code != expected || seen_.report["exit_code"] != expected)
      wrong("the exit code is " + std::to_string(seen_.code) + ", not "
            + std::to_string(expected));
  }

  void check_processes() {
    for (auto pid : seen_.processes)
      wrong("process " + std::to_string(pid) + " is left");
  }

  void check_threads() {
    for (const auto& thread : seen_.threads)
      if (thread.starts_with("h-") && !names_abandoned(thread.substr(2)))
        wrong("the thread of " + thread.substr(2) + " is left");
    if (abandoned_.empty() && seen_.threads.size() > 2)
      wrong(std::to_string(seen_.threads.size()) + " threads are left");
  }

  bool names_abandoned(const std::string& last) const {
    return std::any_of(
      abandoned_.begin(), abandoned_.end(),
      [&](const std::string& path) { return last_of(path) == last; });
  }

  /// Not of a process: the kernel tells whether that lives.
  bool lives_at(const recorded_life& x, moment at) const {
    return !x.is_process && x.begin <= at && x.end > at;
  }

  void check_abandoned(const std::string& name) {
    // Without a thread of the pool, an actor ends as little as one that blocks.
    if (starving_ >= pool_size)
      return;
    auto began = false;
    auto there = false;
    for (const auto& x : truth_.lives) {
      if (!is_named(x, name))
        continue;
      began = true;
      // One may end between its force and the report.
      there =
        there || lives_at(x, truth_.closed) || (forced_ && x.end >= *forced_);
    }
    if (!began)
      wrong(name + " is named as abandoned, and never began");
    else if (!there)
      wrong(name + " is named as abandoned, and had ended");
  }

  bool is_abandoned(const recorded_life& x) const {
    return abandoned_.contains(x.path) || abandoned_.contains(x.incarnation);
  }

  bool is_supervisor(const std::string& path) const {
    return path == case_.path() || any_of(case_.top, [&](const tree_node& x) {
             return x.options && x.name == last_of(path);
           });
  }

  void check_lives(const std::string& path,
                   const std::vector<const recorded_life*>& lives) {
    for (const auto* x : lives) {
      if (lives_at(*x, truth_.closed) && !is_abandoned(*x))
        wrong(x->incarnation + " lives, and is not named as abandoned");
      if (must_be_listed(*x) && !is_abandoned(*x) && !fates_.contains(path)
          && !fates_.contains(x->incarnation))
        wrong(x->incarnation
              + " lived when the closing began, and has no line");
    }
    auto fate = fates_.find(path);
    if (fate != fates_.end() && !is_abandoned(*lives.back()))
      check_fate(*lives.back(), fate->second);
  }

  /// Its end was seen by a supervisor that was stopping.
  bool must_be_listed(const recorded_life& x) const {
    const auto* node = node_of(x.path);
    if (x.begin >= truth_.signaled || !node || is_restless(x.path))
      return false;
    // The thread of one that was abandoned before may end meanwhile.
    if (has_thread(x.path) && node->conduct == conduct::dawdles)
      return false;
    return x.end >= truth_.signaled + blink
        && (!x.is_process || x.end != moment::max());
  }

  /// Whether children end by themselves there, which may have their supervisor
  /// end others before it learns of the closing.
  bool is_restless(const std::string& path) const {
    auto moves = [](const tree_node& x) {
      return !x.options
          && (x.conduct == conduct::ends || x.conduct == conduct::crashes
              || x.opening == opening::fails || x.opening == opening::throws);
    };
    return std::any_of(case_.top.begin(), case_.top.end(), [&](const auto& x) {
      return (path + "/").starts_with(case_.path() + "/" + x.name + "/")
          && any_of({x}, moves);
    });
  }

  /// The last incarnation has ended as the report says.
  void check_fate(const recorded_life& x, const std::string& fate) {
    if (x.end < truth_.signaled || has_thread(x.path))
      return;
    auto cut = x.word == last_word::cut || x.word == last_word::none;
    auto in_force = forced_ && x.end + blink >= *forced_;
    if (fate == "killed" && !cut && !in_force)
      wrong(x.path + " is called killed, and ended by itself");
    if (fate != "killed" && cut)
      wrong(x.path + " is called " + fate + ", and was cut");
    if (fate == "abandoned")
      wrong(x.path + " is called abandoned in its line alone");
  }

  /// The worker of a life, or its template.
  const tree_node* node_of(const std::string& path) const {
    const tree_node* result = nullptr;
    any_of(case_.top, [&](const tree_node& x) {
      auto found = (path + "/").find("/" + x.name + "/") != std::string::npos;
      if (found && !x.options)
        result = &x;
      if (found && x.options && x.started_later > 0)
        result = &x.children.front();
      return result != nullptr;
    });
    return result;
  }

  /// A thread's actor may be killed, and the thread end by itself then.
  bool has_thread(const std::string& path) const {
    const auto* x = node_of(path);
    return x
        && (x->kind == worker_kind::blocking
            || x->kind == worker_kind::periodic);
  }

  bool blocks_pool(const std::string& path) const {
    const auto* x = node_of(path);
    return x && x->conduct == conduct::blocks
        && (x->kind == worker_kind::actor || x->kind == worker_kind::coroutine
            || (x->kind == worker_kind::periodic && !x->on_thread));
  }

  const random_case& case_;
  const outcome& seen_;
  const record& truth_;
  std::set<std::string> abandoned_;
  std::map<std::string, std::string> fates_;
  std::map<std::string, std::vector<const recorded_life*>> lives_;
  std::size_t starving_ = 0;     ///< Threads of the pool that workers block.
  std::optional<moment> forced_; ///< When the force began.
  std::vector<std::string> problems_;
};

} // namespace

std::vector<std::string> problems_of(const random_case& x, const outcome& seen,
                                     const record& truth) {
  return verdict{x, seen, truth}.problems();
}

} // namespace hololoom::hostile
