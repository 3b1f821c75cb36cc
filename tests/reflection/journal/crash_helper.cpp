// The program that a crash test kills: stores episodes from several clients,
// and writes the id of each to standard output once it is acknowledged. When
// busy, it copies the journal and consolidates meanwhile, without end; the last
// complete copy is DIRECTORY/copy.db.
//
//   crash_helper DIRECTORY CLIENTS [busy]

#include <hololoom/actors/reflection/buffer.hpp>
#include <hololoom/messages/caf/copy_store.hpp>
#include <hololoom/messages/caf/type_ids.hpp>
#include <hololoom/messages/uuid.hpp>

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <unistd.h>

namespace {

using namespace hololoom;

struct config : caf::actor_system_config {
  config() { register_types(*this); }
};

reflect_request next_request() {
  reflect_request result;
  result.episode_id = make_uuid();
  result.woven.query_text = "Will this survive?";
  result.woven.response = std::string(300, 'r');
  result.woven.tool_used = "answer";
  result.woven.confidence = 0.5;
  return result;
}

/// Stores one episode after the other, some of them twice.
void store(caf::event_based_actor* self, const reflection_actor& buffer,
           reflect_request request, int count) {
  self->request(buffer, caf::infinite, request)
    .then(
      [=](const reflect_ack& ack) {
        // A single write of a short line is atomic.
        auto line = ack.episode_id + "\n";
        if (::write(1, line.data(), line.size()) < 0)
          std::_Exit(1);
        store(self, buffer, count % 7 == 0 ? request : next_request(),
              count + 1);
      },
      [](const caf::error& err) {
        std::fprintf(stderr, "%s\n", explain(err).c_str());
        std::_Exit(2);
      });
}

/// Copies the journal again and again.
void copy(caf::event_based_actor* self, const caf::actor& buffer,
          const std::filesystem::path& directory) {
  auto part = directory / "copy.part";
  self->request(buffer, caf::infinite, copy_store{part.string(), {}, {}})
    .then(
      [=](const store_copied&) {
        std::filesystem::rename(part, directory / "copy.db");
        copy(self, buffer, directory);
      },
      [](const caf::error& err) {
        std::fprintf(stderr, "%s\n", explain(err).c_str());
        std::_Exit(3);
      });
}

void consolidate(caf::event_based_actor* self, const caf::actor& buffer) {
  self->request(buffer, caf::infinite, consolidate_request{})
    .then([=](const consolidation_report&) { consolidate(self, buffer); },
          [](const caf::error& err) {
            std::fprintf(stderr, "%s\n", explain(err).c_str());
            std::_Exit(4);
          });
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4)
    return 64;
  config cfg;
  caf::actor_system system{cfg};
  reflection_options options;
  options.directory = argv[1];
  options.retain_episodes = 600;
  options.capacity = 50;
  auto buffer = spawn_reflection_buffer(system, options);
  for (auto i = 0; i < std::atoi(argv[2]); ++i)
    system.spawn([buffer](caf::event_based_actor* self) {
      store(self, buffer, next_request(), 1);
      return caf::behavior{[](int) {
      }};
    });
  if (argc == 4)
    system.spawn([buffer = caf::actor_cast<caf::actor>(buffer),
                  directory = options.directory](caf::event_based_actor* self) {
      copy(self, buffer, directory);
      consolidate(self, buffer);
      return caf::behavior{[](int) {
      }};
    });
  ::pause();
}
