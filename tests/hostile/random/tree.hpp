#pragma once

#include <hololoom/actors/supervision/options.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// A random supervision tree as data, made from a seed alone: the program under
/// test grows it, and the test that watches knows what is in it.

namespace hololoom::hostile {

using ms = std::chrono::milliseconds;

enum class worker_kind : std::uint8_t {
  actor,
  coroutine,
  periodic,
  blocking,
  process,
};

/// What a worker does once it runs, and when it is told to end.
enum class conduct : std::uint8_t {
  obeys,   ///< Ends at once when it is told to.
  dawdles, ///< Takes `lasts` to end.
  ignores, ///< Goes on; it can be killed, unless it is a thread.
  blocks,  ///< After `after`, sleeps in its function for ever.
  ends,    ///< Ends by itself after `after`.
  crashes, ///< Crashes after `after`.
  leaves,  ///< A process: leaves a child in its group that ignores SIGTERM.
};

/// How a worker starts.
enum class opening : std::uint8_t {
  prompt,
  slow,    ///< Its factory takes `opening_takes`.
  fails,   ///< Its factory answers an error.
  throws,  ///< Its factory throws.
  pending, ///< It never says that it is ready.
  hangs,   ///< Its factory does not return: the supervisor hangs in it.
};

struct tree_node {
  std::string name;
  hololoom::restart_type restart = hololoom::restart_type::temporary;
  hololoom::shutdown_policy shutdown;
  hololoom::backoff_policy backoff;

  /// A supervisor, if it has options; otherwise a worker.
  std::shared_ptr<hololoom::supervisor_options> options;
  std::vector<tree_node> children;
  int started_later = 0; ///< Of a simple_one_for_one, from its template.

  worker_kind kind = worker_kind::actor;
  hostile::conduct conduct = hostile::conduct::obeys;
  hostile::opening opening = hostile::opening::prompt;
  ms after{0};
  ms lasts{0};
  ms opening_takes{0};
  bool replaced = false;  ///< When it is stuck.
  bool on_thread = false; ///< A periodic one that may block.
};

/// Who closes, and when after the start.
struct closing {
  enum class from : std::uint8_t { signal, program, thread, coroutine };
  from whom = from::program;
  ms after{0};
};

struct random_case {
  std::uint64_t seed = 0;
  bool in_loom = false; ///< Or under a plain supervisor.
  ms grace{0};
  ms kill_wait{0};
  std::vector<tree_node> top; ///< Below "root/workers", or below "root".
  hololoom::stop_order order =
    hololoom::stop_order::parallel; ///< Of a plain root.
  std::vector<closing> closings;
  /// Told to end before the closing, when `closings.front().after / 2` is over.
  std::string stopped;

  std::string path() const { return in_loom ? "root/workers" : "root"; }
};

random_case random_case_of(std::uint64_t seed);

/// For people: what is in the tree.
std::string describe(const random_case& x);

} // namespace hololoom::hostile
