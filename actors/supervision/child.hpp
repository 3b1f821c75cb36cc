#pragma once

#include <hololoom/actors/supervision/child_spec.hpp>

#include <caf/expected.hpp>

#include <concepts>
#include <string>
#include <type_traits>
#include <utility>

namespace hololoom {

namespace detail {

template <class T>
struct is_expected : std::false_type {};
template <class T>
struct is_expected<caf::expected<T>> : std::true_type {};

/// What a user's factory answered, as a supervisor takes it.
template <class T>
start_result started_by(T x) {
  if constexpr (std::is_same_v<T, start_result>)
    return x;
  else if constexpr (is_expected<T>::value)
    return x ? start_result::started(*x) : start_result::failure(x.error());
  else
    return start_result::started(x);
}

} // namespace detail

/// A child in one line: its name, a function that spawns it, and what is
/// special about it. Wherever a `child_spec` is taken, so is this.
///
/// ~~~
/// auto root = start_supervisor(
///   system, {},
///   {child("db", [](caf::actor_system& s) { return s.spawn(db); }),
///    child("web", serve).backoff({.min = 50ms, .max = 2s})});
/// ~~~
///
/// The function takes the actor system or the `start_context`, and answers a
/// handle, a `caf::expected` of one, or a `start_result`. It must be short.
///
/// A child is permanent unless set otherwise, as in OTP: it is a part that has
/// to be there. Work that is over when it has been done, and is not to be
/// repeated, is a `background`, which is temporary unless set otherwise.
class child {
public:
  template <std::invocable<caf::actor_system&> F>
  child(std::string name, F spawn) {
    spec_.name = std::move(name);
    spec_.start = [spawn = std::move(spawn)](const start_context& ctx) mutable {
      return detail::started_by(spawn(*ctx.system));
    };
  }

  template <std::invocable<const start_context&> F>
  child(std::string name, F start) {
    spec_.name = std::move(name);
    spec_.start = [start = std::move(start)](const start_context& ctx) mutable {
      return detail::started_by(start(ctx));
    };
  }

  // What each of these is for, stands at the member of `child_spec`.

  child& restart(restart_type x) { return spec_.restart = x, *this; }
  child& shutdown(shutdown_policy x) { return spec_.shutdown = x, *this; }
  child& backoff(backoff_policy x) { return spec_.backoff = x, *this; }
  child& stuck(stuck_policy x) { return spec_.stuck = x, *this; }
  child& significant(bool x = true) { return spec_.significant = x, *this; }
  child& apart(bool x = true) { return spec_.apart = x, *this; }
  child& start_limit(caf::timespan x) { return spec_.start_limit = x, *this; }
  child& give_up_after(std::int64_t restarts, caf::timespan period) {
    spec_.give_up_after = restart_rate{restarts, period};
    return *this;
  }

  operator child_spec() const { return spec_; }

private:
  child_spec spec_;
};

} // namespace hololoom
