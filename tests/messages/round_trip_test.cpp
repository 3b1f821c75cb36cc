#include "support/catch.hpp"
#include "support/samples.hpp"

#include <hololoom/messages/caf/lifecycle_ids.hpp>
#include <hololoom/messages/caf/memory_ids.hpp>
#include <hololoom/messages/caf/reflection_ids.hpp>
#include <hololoom/messages/caf/shuttle_ids.hpp>
#include <hololoom/messages/caf/type_ids.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/message.hpp>

#include <utility>
#include <vector>

using namespace hololoom;

namespace {

struct config : caf::actor_system_config {
  config() { register_types(*this); }
};

/// Each type of an id block, by its id: a new one is tested by itself.
template <class Block, class F, std::size_t... Is>
void for_each_type(F f, std::index_sequence<Is...>) {
  (f.template operator()<typename caf::type_by_id<static_cast<caf::type_id_t>(
     Block::begin + Is)>::type>(),
   ...);
}

template <class... Blocks, class F>
void for_each_type_of(F f) {
  (for_each_type<Blocks>(
     f, std::make_index_sequence<Blocks::end - Blocks::begin>{}),
   ...);
}

template <class F>
void for_each_message_type(F f) {
  for_each_type_of<
    caf::id_block::hololoom_lifecycle, caf::id_block::hololoom_memory,
    caf::id_block::hololoom_reflection, caf::id_block::hololoom_shuttle>(f);
}

} // namespace

TEST_CASE("every message survives the wire") {
  config cfg;
  caf::actor_system system{cfg};
  auto types = 0;
  for_each_message_type([&]<class T>() {
    auto before = caf::make_message(test::sample<T>());
    std::vector<char> buffer;
    caf::binary_serializer sink{system, buffer};
    REQUIRE(!sink(before));
    caf::message after;
    caf::binary_deserializer source{system, buffer};
    REQUIRE(!source(after));
    REQUIRE(after.match_elements<T>());
    CHECK(after.get_as<T>(0) == test::sample<T>());
    ++types;
  });
  CHECK(types > 30);
}

TEST_CASE("every message survives JSON") {
  for_each_message_type([]<class T>() {
    INFO(caf::type_name<T>::value);
    auto text = to_text(to_json_value(test::sample<T>()));
    auto after = from_json_text<T>(text);
    if (!after)
      FAIL(explain(after.error()));
    CHECK(*after == test::sample<T>());
    CHECK(to_text(to_json_value(*after)) == text);
  });
}

TEST_CASE("every message differs from its default in each member") {
  for_each_message_type([]<class T>() {
    if constexpr (described<T>) {
      auto filled = test::sample<T>();
      auto standard = to_json_value(T{});
      for_each_field(filled, [&](std::string_view name, auto& member) {
        INFO(caf::type_name<T>::value << "." << name);
        CHECK(to_json_value(member) != standard[std::string{name}]);
      });
    }
  });
}
