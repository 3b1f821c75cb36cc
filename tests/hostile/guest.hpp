#pragma once

#include <hololoom/runtime/loom.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The program under test is a host: it opens a loom, lets guests in who make
/// trouble, and closes. Each guest is a function in a table.

namespace hololoom::hostile {

/// Where guests are: the loom, and the way to say where they have got to.
class house {
public:
  virtual ~house() = default;

  virtual hololoom::loom& loom() = 0;

  /// Has the loom run `work`.
  void start(background work) {
    if (auto started = loom().spawn_background(std::move(work)); !started)
      throw std::runtime_error{explain(started.error())};
  }

  /// Has the loom call `f` when it closes.
  void at_shutdown(cascade_phase phase, std::string name,
                   std::chrono::milliseconds limit, std::function<void()> f) {
    if (auto err =
          loom().at_shutdown(phase, std::move(name), limit, std::move(f)))
      throw std::runtime_error{explain(err)};
  }

  /// A guest is where it makes trouble; the host waits for that.
  virtual void arrived() = 0;

  /// Called by a guest that closes the loom, on the thread that is to do it.
  virtual void close_from(std::string_view who) = 0;
};

struct guest {
  std::string_view name;
  void (*enter)(house&);
};

/// Guests that do not end: the threads they hang in are called like them.
const std::vector<guest>& hanging_guests();

/// Guests that close the loom, each from another place.
const std::vector<guest>& closing_guests();

/// The tools and the disk that the guests need. Inactive without them.
loom_extras extras(house& with);

/// Gives the calling thread a name that its process's /proc shows, and never
/// returns.
[[noreturn]] void hang(house& in, const char* name);

/// Must be called before `run_if_child_process`.
void register_guest_processes();

} // namespace hololoom::hostile
