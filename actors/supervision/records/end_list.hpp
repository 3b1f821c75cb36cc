#pragma once

#include <hololoom/messages/lifecycle.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace hololoom {

/// How children ended, in a few thousand lines however many they are. Of more
/// than a thousand that ended well there is one line for each kind, named "N
/// kind children"; of others, the first thousand of a kind and a fate have
/// lines of their own, and one stands for the rest.
class end_list {
public:
  void add(child_outcome o);

  /// Whether another one of that kind and fate that did not end well would get
  /// a line of its own.
  bool lists(const std::string& kind, ended how) const;

  /// Adds `count` of a kind and a fate that get no lines of their own.
  void add_more(const std::string& kind, ended how, std::size_t count,
                millis slowest, bool forced);

  /// Adds the sums of `other`, and not its lines for single children.
  void add_sums(const end_list& other);

  /// Those with lines of their own, in the order in which they were added.
  const std::vector<child_outcome>& listed() const { return listed_; }

  /// Calls `f` with the kind, the fate and the number of each sum.
  template <class F>
  void each_sum(F f) const {
    for (const auto& [key, t] : tallies_)
      if (t.more > 0)
        f(key.first, key.second, t.more);
  }

  /// All lines: the sums come last.
  std::vector<child_outcome> lines() const;

private:
  struct tally {
    std::size_t listed = 0;
    std::size_t more = 0;
    millis took{0}; ///< The slowest of those that are not listed.
    bool forced = false;
  };
  using tallies = std::map<std::pair<std::string, ended>, tally>;

  void sum_up_the_well();

  std::vector<child_outcome> listed_;
  tallies tallies_;
  std::size_t well_ = 0; ///< Ended well.
};

} // namespace hololoom
