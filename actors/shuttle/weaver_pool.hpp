#pragma once

#include <hololoom/actors/shuttle/protocol.hpp>

#include <caf/actor_addr.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace hololoom {

/// The weavers that registered with a shuttle, and the job of each. Pure
/// bookkeeping. Job numbers are those of the job board, from 1.
class weaver_pool {
public:
  /// @returns whether it is new.
  bool add(const weaver_actor& weaver);

  /// Removes a weaver that is down.
  /// @returns its job; nothing if it was idle or unknown.
  std::optional<std::uint64_t> remove(const caf::actor_addr& weaver);

  /// An idle weaver; null if there is none.
  weaver_actor find_idle() const;

  /// Gives `weaver` a job.
  void assign(const weaver_actor& weaver, std::uint64_t job);

  /// `weaver` has finished `job`. A lost weaver may get work again if `reuse`.
  void release(const caf::actor_addr& weaver, std::uint64_t job, bool reuse);

  /// Marks the weaver of `job` as lost: it gets no more work.
  /// @returns the weaver; null if no weaver has the job, or it is lost already.
  weaver_actor lose(std::uint64_t job);

  /// Notes that `weaver` asked to leave.
  /// @returns whether the weaver is known.
  bool note_leaving(const caf::actor_addr& weaver);

  /// Removes the idle weavers that asked to leave, and returns them.
  std::vector<weaver_actor> take_leaving();

  /// The number of weavers that are not lost.
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
