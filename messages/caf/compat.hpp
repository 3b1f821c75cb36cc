#pragma once

// The room of CAF: every name that CAF 1.x spells differently from 0.17.6
// stands in this folder, so that a port to 1.x is a change of this folder. Here
// are typed interfaces, how messages are inspected, and actors made of a state
// class; beside it are mailboxes (put, exit, work_monitor), ids (type_ids,
// local_message, error_enum) and actor systems (actor_system, virtual_time). It
// includes the messages alone, and every room includes it.

#include <hololoom/messages/caf/work_monitor.hpp>
#include <hololoom/messages/describe.hpp>

#include <caf/actor_system.hpp>
#include <caf/deserializer.hpp>
#include <caf/detail/stringification_inspector.hpp>
#include <caf/detail/unique_function.hpp>
#include <caf/error.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/expected.hpp>
#include <caf/local_actor.hpp>
#include <caf/meta/load_callback.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/optional.hpp>
#include <caf/replies_to.hpp>
#include <caf/response_type.hpp>
#include <caf/serializer.hpp>
#include <caf/typed_actor.hpp>

#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>

namespace hololoom {

/// An optional value that may travel in a message (`std::optional` in 1.x).
template <class T>
using maybe = caf::optional<T>;

/// The absence of a value.
inline constexpr caf::none_t nothing{};

namespace detail {

template <class Result, class... Inputs>
struct handler {
  using type = typename caf::replies_to<Inputs...>::template with<Result>;
};

template <class... Inputs>
struct handler<void, Inputs...> {
  using type = caf::reacts_to<Inputs...>;
};

template <class... Results, class... Inputs>
struct handler<std::tuple<Results...>, Inputs...> {
  using type = typename caf::replies_to<Inputs...>::template with<Results...>;
};

} // namespace detail

/// A clause of a typed actor interface: answers `Inputs...` with `Result`
/// (`caf::result<Result>(Inputs...)` in 1.x). A tuple stands for several
/// values; `void` means that no answer is awaited.
template <class Result, class... Inputs>
using answers = typename detail::handler<Result, Inputs...>::type;

namespace detail {

template <class Outputs>
struct response_value;

template <>
struct response_value<caf::detail::type_list<>> {
  using type = void;
};

template <class T>
struct response_value<caf::detail::type_list<T>> {
  using type = T;
};

template <class T0, class T1, class... Ts>
struct response_value<caf::detail::type_list<T0, T1, Ts...>> {
  using type = std::tuple<T0, T1, Ts...>;
};

} // namespace detail

/// The answer of a typed actor `Handle` to a message of `Ts`: a type, `void`,
/// or a tuple of several values.
template <class Handle, class... Ts>
using response_of = typename detail::response_value<caf::response_type_t<
  typename Handle::signatures,
  typename caf::detail::implicit_conversions<std::decay_t<Ts>>::type...>>::type;

/// Whether a typed actor `Handle` takes a message of `Ts`.
template <class Handle, class... Ts>
concept takes = requires {
  typename response_of<Handle, Ts...>;
};

/// Whether the answers of `Handle` are typed.
template <class Handle>
concept typed_handle =
  !std::is_same_v<typename Handle::signatures, caf::none_t>;

/// Takes the timeout of an answered request off the clock. The clock would hold
/// it, and with it the asker, until it is due (1.x does this by itself). `id`
/// is that of `request(...)`.
inline void forget_request_timeout(caf::local_actor* self, caf::message_id id) {
  self->clock().cancel_request_timeout(self, id);
}

/// Serialises every described struct, for CAF.
template <class Inspector, described T>
typename Inspector::result_type inspect(Inspector& f, T& x) {
  return T::fields()([&](const auto&... fs) -> typename Inspector::result_type {
    return f((x.*fs.pointer)...);
  });
}

/// Declares that `inspect` of a large message is compiled in
/// `inspected_once.cpp`, which lists it too, and not by each of its readers.
/// Used outside all namespaces.
#define HOLOLOOM_INSPECTED_ONCE(T) HOLOLOOM_INSPECTION_OF(extern, T)

// A macro that declares cannot put its arguments in parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define HOLOLOOM_INSPECTION_OF(prefix, T)                                      \
  prefix template caf::error hololoom::inspect(caf::serializer&, T&);          \
  prefix template caf::error hololoom::inspect(caf::deserializer&, T&);        \
  prefix template void hololoom::inspect(                                      \
    caf::detail::stringification_inspector&, T&);
// NOLINTEND(bugprone-macro-parentheses)

/// Serialises `x` as text, for types that are easier read than inspected:
/// `print(x)` makes the text, `parse(text, x)` answers an error or none.
template <class Inspector, class T, class Print, class Parse>
typename Inspector::result_type inspect_as_text(Inspector& f, T& x, Print print,
                                                Parse parse) {
  std::string text;
  if constexpr (Inspector::reads_state)
    text = print(x);
  return f(text, caf::meta::load_callback(
                   [&]() -> caf::error { return parse(text, x); }));
}

/// An actor whose behaviour is a class: `State` is built with the actor's
/// `self` and the arguments of the spawn, offers `make_behavior()`, and is
/// destroyed when the actor ends (as `caf::actor_from_state` does in 1.x).
///
/// `Base` is `caf::event_based_actor` or a `typed_actor`'s `base`. Other
/// threads can see the message it handles: see `work_monitor`.
template <class State, class Base>
class state_actor : public Base, public work_monitor {
public:
  using behavior_type = decltype(std::declval<State&>().make_behavior());

  template <class... Ts>
  explicit state_actor(caf::actor_config& cfg, Ts&&... xs)
    : Base(cfg),
      build_([this, args = std::make_tuple(std::forward<Ts>(xs)...)]() mutable {
        std::apply(
          [this](auto&... ys) {
            state_.emplace(static_cast<Base*>(this), std::move(ys)...);
          },
          args);
      }) {}

  void on_exit() override { state_.reset(); }

  /// The spawn of a detached actor that gets no thread throws, and leaves
  /// nothing behind; CAF alone would count the actor as running for ever.
  void launch(caf::execution_unit* eu, bool lazy, bool hide) override {
    try {
      Base::launch(eu, lazy, hide);
    } catch (const std::system_error& e) {
      this->cleanup(caf::exit_reason::kill, eu);
      // What the thread would have given back.
      this->home_system().dec_detached_threads();
      intrusive_ptr_release(this->ctrl());
      throw std::system_error{e.code(), "cannot start a thread"};
    }
  }

  const char* name() const override {
    if constexpr (requires { State::name; })
      return State::name;
    else
      return Base::name();
  }

  using Base::consume;

  caf::invoke_message_result consume(caf::mailbox_element& x) override {
    handling mark{*this, x.content()};
    return Base::consume(x);
  }

protected:
  behavior_type make_behavior() override {
    build_();
    build_ = nullptr;
    return state_->make_behavior();
  }

private:
  std::optional<State> state_;
  caf::detail::unique_function<void()> build_;
};

/// The actor class behind a handle type.
template <class Handle>
struct base_of {
  using type = typename Handle::base;
};

template <>
struct base_of<caf::actor> {
  using type = caf::event_based_actor;
};

/// Spawns `State` as an actor with the interface `Handle`. `Parent` is an
/// actor system or a local actor.
///
/// ~~~
/// struct counter {
///   explicit counter(caf::event_based_actor* self) : self(self) {}
///   caf::behavior make_behavior() {
///     return {[this](int x) { return sum += x; }};
///   }
///   caf::event_based_actor* self;
///   int sum = 0;
/// };
/// auto hdl = spawn_state<counter, caf::actor>(system);
/// ~~~
template <class State, class Handle,
          caf::spawn_options Options = caf::no_spawn_options, class Parent,
          class... Ts>
Handle spawn_state(Parent& parent, Ts&&... xs) {
  using impl = state_actor<State, typename base_of<Handle>::type>;
  return caf::actor_cast<Handle>(
    parent.template spawn<impl, Options>(std::forward<Ts>(xs)...));
}

/// The same, with `own_thread` on a thread of its own: such an actor answers
/// even while all of the scheduler's threads are stuck. Tests on virtual time
/// keep it on the scheduler.
template <class State, class Handle, class Parent, class... Ts>
Handle spawn_state_on(bool own_thread, Parent& parent, Ts&&... xs) {
  if (own_thread)
    return spawn_state<State, Handle, caf::detached>(parent,
                                                     std::forward<Ts>(xs)...);
  return spawn_state<State, Handle>(parent, std::forward<Ts>(xs)...);
}

} // namespace hololoom
