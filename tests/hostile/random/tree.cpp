#include "hostile/random/tree.hpp"

#include <algorithm>
#include <random>

namespace hololoom::hostile {

using namespace std::chrono_literals;

namespace {

/// Draws, the same from the same seed with every standard library.
class dice {
public:
  explicit dice(std::uint64_t seed) : bits_(seed) {}

  /// From 0 to `most`.
  int upto(int most) {
    return static_cast<int>(bits_() % (static_cast<std::uint64_t>(most) + 1));
  }

  bool chance(int percent) { return upto(99) < percent; }

  ms time(int least, int most) { return ms{least + upto(most - least)}; }

  template <class T>
  T one_of(std::initializer_list<T> xs) {
    return *(xs.begin() + upto(static_cast<int>(xs.size()) - 1));
  }

private:
  std::mt19937_64 bits_;
};

class grower {
public:
  grower(dice& d, random_case& x) : dice_(d), case_(x) {}

  std::vector<tree_node> some(int depth, int most) {
    std::vector<tree_node> result;
    auto count = 1 + dice_.upto(most - 1);
    for (int i = 0; i < count; ++i)
      result.push_back(depth > 0 && dice_.chance(35) ? supervisor(depth)
                                                     : worker());
    return result;
  }

private:
  tree_node node() {
    tree_node x;
    x.name = "n" + std::to_string(++count_);
    x.restart = dice_.one_of({restart_type::permanent, restart_type::transient,
                              restart_type::temporary});
    if (dice_.chance(50)) {
      x.backoff.min = dice_.time(1, 40);
      x.backoff.max = x.backoff.min * (1 + dice_.upto(3));
      x.backoff.jitter = 0.2;
    }
    return x;
  }

  tree_node supervisor(int depth) {
    auto x = node();
    auto& o = *(x.options = std::make_shared<supervisor_options>());
    o.name = x.name;
    o.strategy =
      dice_.one_of({strategy::one_for_one, strategy::one_for_all,
                    strategy::rest_for_one, strategy::simple_one_for_one});
    o.stop_order = dice_.one_of({stop_order::reverse, stop_order::parallel});
    o.intensity = dice_.upto(6);
    o.period = dice_.time(50, 1'000);
    o.kill_wait = dice_.time(20, 150);
    o.seed = case_.seed;
    // As in a loom: it answers whatever the pool's threads are doing.
    o.detached = true;
    if (o.strategy == strategy::simple_one_for_one) {
      x.children.push_back(worker());
      x.started_later = 1 + dice_.upto(4);
    } else {
      x.children = some(depth - 1, 4);
    }
    if (o.intensity == 0) // A backoff would have no restart to wait for.
      for (auto& child : x.children)
        child.backoff = {};
    x.shutdown = shutdown_policy::infinity();
    return x;
  }

  tree_node worker() {
    auto x = node();
    x.kind = dice_.one_of({worker_kind::actor, worker_kind::coroutine,
                           worker_kind::periodic, worker_kind::blocking,
                           worker_kind::process});
    if (x.kind == worker_kind::process && ++processes_ > 3)
      x.kind = worker_kind::blocking;
    x.conduct = conduct_of(x.kind);
    x.after = dice_.time(0, 200);
    x.lasts = dice_.time(1, static_cast<int>(case_.grace.count()) / 2);
    x.shutdown = policy();
    x.replaced = dice_.chance(20);
    x.on_thread = dice_.chance(50);
    open(x);
    return x;
  }

  conduct conduct_of(worker_kind kind) {
    if (kind == worker_kind::process && dice_.chance(20))
      return conduct::leaves;
    if (dice_.chance(30))
      return conduct::obeys;
    auto result =
      dice_.one_of({conduct::dawdles, conduct::ignores, conduct::blocks,
                    conduct::ends, conduct::crashes});
    // A thread that ignores its stop token is one that blocks.
    auto thread =
      kind == worker_kind::blocking || kind == worker_kind::periodic;
    return thread && result == conduct::ignores ? conduct::dawdles : result;
  }

  shutdown_policy policy() {
    if (dice_.chance(10))
      return shutdown_policy::brutal_kill();
    if (dice_.chance(10))
      return shutdown_policy::infinity();
    return shutdown_policy::within(dice_.time(5, 400));
  }

  void open(tree_node& x) {
    if (dice_.chance(80))
      return;
    x.opening =
      dice_.one_of({opening::slow, opening::slow, opening::slow, opening::fails,
                    opening::throws, opening::pending, opening::hangs});
    x.opening_takes = dice_.time(1, 30);
    // Its actor answers for itself.
    if (x.opening == opening::pending)
      x.kind = worker_kind::actor;
  }

  dice& dice_;
  random_case& case_;
  int count_ = 0;
  int processes_ = 0;
};

closing a_closing(dice& d, const random_case& x) {
  using from = closing::from;
  closing result;
  result.whom =
    d.one_of({from::signal, from::program, from::thread, from::coroutine});
  result.after = d.time(0, 300);
  // A second one falls into the grace, most of the time.
  if (!x.closings.empty())
    result.after =
      x.closings.front().after + d.time(0, static_cast<int>(x.grace.count()));
  return result;
}

const char* name_of(worker_kind x) {
  constexpr const char* names[]{"actor", "coroutine", "periodic", "blocking",
                                "process"};
  return names[static_cast<int>(x)];
}

const char* name_of(conduct x) {
  constexpr const char* names[]{"obeys", "dawdles", "ignores", "blocks",
                                "ends",  "crashes", "leaves"};
  return names[static_cast<int>(x)];
}

const char* name_of(opening x) {
  constexpr const char* names[]{"",       "slow",    "fails",
                                "throws", "pending", "hangs"};
  return names[static_cast<int>(x)];
}

void describe(const tree_node& x, std::string indent, std::string& result) {
  result += indent + x.name + " " + std::string{name_of(x.restart)} + " ";
  if (x.options) {
    const auto& o = *x.options;
    result += std::string{name_of(o.strategy)} + " "
            + std::string{name_of(o.stop_order)} + " intensity "
            + std::to_string(o.intensity) + "\n";
    for (const auto& y : x.children)
      describe(y, indent + "  ", result);
    return;
  }
  result +=
    std::string{name_of(x.kind)} + " " + name_of(x.conduct) + " after "
    + std::to_string(x.after.count()) + " lasts "
    + std::to_string(x.lasts.count()) + " " + name_of(x.opening)
    + (x.replaced ? " replaced" : "") + (x.on_thread ? " on_thread" : "")
    + " limit "
    + std::to_string(std::chrono::duration_cast<ms>(x.shutdown.limit).count())
    + "\n";
}

} // namespace

random_case random_case_of(std::uint64_t seed) {
  dice d{seed};
  random_case x;
  x.seed = seed;
  x.in_loom = d.chance(50);
  x.grace = d.time(50, 500);
  x.kill_wait = d.time(50, 200);
  x.order = d.one_of({stop_order::reverse, stop_order::parallel});
  x.top = grower{d, x}.some(2, 6);
  x.closings.push_back(a_closing(d, x));
  if (d.chance(40))
    x.closings.push_back(a_closing(d, x));
  if (d.chance(30))
    x.stopped = x.top[static_cast<std::size_t>(
                        d.upto(static_cast<int>(x.top.size()) - 1))]
                  .name;
  return x;
}

std::string describe(const random_case& x) {
  constexpr const char* closers[]{"SIGTERM", "the program", "a thread",
                                  "a coroutine"};
  auto result = "seed " + std::to_string(x.seed)
              + (x.in_loom ? ", in a loom" : ", plain, ")
              + (x.in_loom ? "" : std::string{hololoom::name_of(x.order)})
              + ", grace " + std::to_string(x.grace.count()) + ", kill_wait "
              + std::to_string(x.kill_wait.count());
  for (const auto& c : x.closings)
    result += std::string{", closed by "} + closers[static_cast<int>(c.whom)]
            + " after " + std::to_string(c.after.count());
  if (!x.stopped.empty())
    result += ", stops " + x.stopped;
  result += "\n";
  for (const auto& y : x.top)
    describe(y, "  ", result);
  return result;
}

} // namespace hololoom::hostile
