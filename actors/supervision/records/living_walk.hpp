#pragma once

#include <hololoom/actors/supervision/records/ledger.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace hololoom {

class board;

/// Claims the children of some supervisors for a cascade, which reports their
/// ends from then on. A part at a time, because very many take longer to copy
/// than there may be.
class living_walk {
public:
  struct parent {
    std::shared_ptr<board> children;
    std::set<std::string> except; ///< Names of children that are left out.
  };

  living_walk() = default;

  /// @param first others, which come first
  explicit living_walk(std::vector<parent> parents,
                       std::vector<living_child> first = {})
    : first_(std::move(first)), parents_(std::move(parents)) {}

  /// About `most` more; none when it is over.
  std::vector<living_child> next(std::size_t most);

  bool over() const { return first_.empty() && at_ == parents_.size(); }

  /// Claims all that are left: how many of a kind ended how, or had no turn.
  std::map<std::pair<std::string, ended>, std::size_t> rest();

  /// The paths of the supervisors.
  std::vector<std::string> parents() const;

private:
  std::vector<living_child> first_;
  std::vector<parent> parents_;
  std::size_t at_ = 0;      ///< The supervisor it has come to ...
  std::uint64_t order_ = 0; ///< ... and the child of it.
};

} // namespace hololoom
