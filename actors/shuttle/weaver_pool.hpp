#pragma once

#include <hololoom/actors/shuttle/protocol.hpp>

#include <caf/actor_addr.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace hololoom {

/// The weavers that a shuttle knows, and what each of them does. Plain
/// bookkeeping. Job numbers are those of the job board, from 1.
class weaver_pool {
public:
  /// @returns whether it was not known before.
  bool add(const weaver_actor& weaver);

  /// Forgets one that is gone.
  /// @returns the job that it had; nothing if it was idle or not known.
  std::optional<std::uint64_t> remove(const caf::actor_addr& weaver);

  /// An idle weaver; null if there is none.
  weaver_actor find_idle() const;

  /// `weaver` has `job` now.
  void assign(const weaver_actor& weaver, std::uint64_t job);

  /// The weaver that had `job` is back. One that was lost gets work again if
  /// `welcome`.
  void release(const caf::actor_addr& weaver, std::uint64_t job, bool welcome);

  /// Whoever has `job` did not come back in time: no more work for it.
  /// @returns the weaver, or null if nobody has the job or it is lost already.
  weaver_actor lose(std::uint64_t job);

  /// Notes that `weaver` wants to go.
  /// @returns whether it is known.
  bool wants_to_leave(const caf::actor_addr& weaver);

  /// Forgets the idle ones that want to go, and names them.
  std::vector<weaver_actor> take_leaving();

  /// Weavers that are not lost.
  std::size_t size() const;

  std::size_t idle() const;

private:
  struct worker {
    weaver_actor handle;
    /// 0: none.
    std::uint64_t job = 0;
    bool leaving = false;
    bool lost = false;

    bool is_idle() const { return job == 0 && !lost; }
  };

  std::map<caf::actor_addr, worker> workers_;
};

} // namespace hololoom
