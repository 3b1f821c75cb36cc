#pragma once

#include <hololoom/actors/supervision/child_spec.hpp>

#include <span>
#include <vector>

namespace hololoom {

/// What the end of one child means for its siblings.
enum class strategy : std::uint8_t {
  one_for_one = 0,        ///< Nothing.
  one_for_all = 1,        ///< All are stopped and started again.
  rest_for_one = 2,       ///< Those started after it are, and it.
  simple_one_for_one = 3, ///< Nothing; all are made from one template.
};

constexpr auto enumerators(strategy) {
  using e = strategy;
  return std::array{
    std::pair{e::one_for_one, std::string_view{"one_for_one"}},
    std::pair{e::one_for_all, std::string_view{"one_for_all"}},
    std::pair{e::rest_for_one, std::string_view{"rest_for_one"}},
    std::pair{e::simple_one_for_one, std::string_view{"simple_one_for_one"}}};
}

/// Whether a supervisor ends when its significant children end by themselves.
enum class auto_shutdown : std::uint8_t {
  never = 0,
  any_significant = 1, ///< When one does.
  all_significant = 2, ///< When the last of them does.
};

constexpr auto enumerators(auto_shutdown) {
  using e = auto_shutdown;
  return std::array{
    std::pair{e::never, std::string_view{"never"}},
    std::pair{e::any_significant, std::string_view{"any_significant"}},
    std::pair{e::all_significant, std::string_view{"all_significant"}}};
}

/// In which order children are stopped.
enum class stop_order : std::uint8_t {
  /// One after the other, the last started first (OTP). Those of a
  /// simple_one_for_one are always stopped at once.
  reverse = 0,
  /// All at once: they do not depend on one another.
  parallel = 1,
};

constexpr auto enumerators(stop_order) {
  using e = stop_order;
  return std::array{std::pair{e::reverse, std::string_view{"reverse"}},
                    std::pair{e::parallel, std::string_view{"parallel"}}};
}

/// How a supervisor behaves. The defaults are OTP's.
struct supervisor_options {
  /// Its own name; with a parent, the child's name.
  std::string name = "root";
  hololoom::strategy strategy = hololoom::strategy::one_for_one;
  /// More restarts than this within `period`, and it gives up.
  std::int64_t intensity = 1;
  caf::timespan period = std::chrono::seconds{5};
  hololoom::auto_shutdown auto_shutdown = hololoom::auto_shutdown::never;
  hololoom::stop_order stop_order = hololoom::stop_order::reverse;
  /// One limit for stopping the whole tree below, whatever the children's own
  /// limits; zero: none. A tree that cannot fit is refused.
  caf::timespan stop_limit{0};
  /// How long the supervisor waits for a killed child before it abandons it.
  /// When very many are killed at once, this counts from the last of them that
  /// was down.
  caf::timespan kill_wait = std::chrono::milliseconds{250};
  /// How many children it may have at once, those included that are stopped and
  /// whose specs are kept; zero: any number.
  std::int64_t max_children = 0;
  /// Makes the jitter of backoffs repeatable.
  std::uint64_t seed = 0;
  /// A thread of its own: it answers whatever the pool's threads are doing.
  bool detached = false;
  /// Shared by a whole tree; made when left out, handed down to children.
  std::shared_ptr<directory> names = {};
  std::shared_ptr<event_bus> events = {};
};

/// What is wrong with a spec or an option, by OTP's names.
enum class spec_flaw : std::uint8_t {
  invalid_strategy,
  invalid_intensity,
  invalid_period,
  invalid_auto_shutdown,
  invalid_restart_type,
  invalid_shutdown,
  invalid_child_type,
  invalid_significant,
  bad_combination,
  duplicate_child_name,
  missing_id,
  bad_start_spec,
  // Beyond OTP.
  invalid_name,
  invalid_backoff,
  invalid_stuck,
  invalid_start_limit,
  invalid_stop_limit,
  invalid_stop_order,
  invalid_max_children,
};

constexpr auto enumerators(spec_flaw) {
  using e = spec_flaw;
  using sv = std::string_view;
  return std::array{
    std::pair{e::invalid_strategy, sv{"invalid_strategy"}},
    std::pair{e::invalid_intensity, sv{"invalid_intensity"}},
    std::pair{e::invalid_period, sv{"invalid_period"}},
    std::pair{e::invalid_auto_shutdown, sv{"invalid_auto_shutdown"}},
    std::pair{e::invalid_restart_type, sv{"invalid_restart_type"}},
    std::pair{e::invalid_shutdown, sv{"invalid_shutdown"}},
    std::pair{e::invalid_child_type, sv{"invalid_child_type"}},
    std::pair{e::invalid_significant, sv{"invalid_significant"}},
    std::pair{e::bad_combination, sv{"bad_combination"}},
    std::pair{e::duplicate_child_name, sv{"duplicate_child_name"}},
    std::pair{e::missing_id, sv{"missing_id"}},
    std::pair{e::bad_start_spec, sv{"bad_start_spec"}},
    std::pair{e::invalid_name, sv{"invalid_name"}},
    std::pair{e::invalid_backoff, sv{"invalid_backoff"}},
    std::pair{e::invalid_stuck, sv{"invalid_stuck"}},
    std::pair{e::invalid_start_limit, sv{"invalid_start_limit"}},
    std::pair{e::invalid_stop_limit, sv{"invalid_stop_limit"}},
    std::pair{e::invalid_stop_order, sv{"invalid_stop_order"}},
    std::pair{e::invalid_max_children, sv{"invalid_max_children"}}};
}

/// A flaw, the field it is in and a sentence for people.
struct spec_problem {
  spec_flaw flaw = {};
  std::string field = {};
  std::string sentence = {};

  /// The sentence as `errc::invalid_spec`.
  caf::error to_error() const { return failure(errc::invalid_spec, sentence); }
};

/// The first thing wrong with `options`, checked in OTP's order.
[[nodiscard]] std::optional<spec_problem>
check(const supervisor_options& options);

/// The first thing wrong with `spec` as a child under `options`.
[[nodiscard]] std::optional<spec_problem>
check(const child_spec& spec, const supervisor_options& options);

/// The first thing wrong with a whole supervisor: its options, each child,
/// names given twice, the template of a simple_one_for_one, and children whose
/// limits do not fit into `stop_limit`.
[[nodiscard]] std::optional<spec_problem>
check(const supervisor_options& options, std::span<const child_spec> children);

/// The longest that an orderly stop of `children` takes; none when it has no
/// bound.
std::optional<caf::timespan> stop_bound(const supervisor_options& options,
                                        std::span<const child_spec> children);

} // namespace hololoom
