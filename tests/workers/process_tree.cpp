// A program with processes below it, for the tests: it starts three workers,
// one of which has one of its own, prints the number of each, and waits to be
// killed.

#include <hololoom/actors/workers/background.hpp>
#include <hololoom/messages/caf/type_ids.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <csignal>
#include <cstring>
#include <string>
#include <unistd.h>
#include <vector>

using namespace hololoom;

namespace {

/// One `write`, so that lines of several threads do not mix.
void say(const std::string& line) {
  auto text = line + "\n";
  (void)!::write(STDOUT_FILENO, text.data(), text.size());
}

[[noreturn]] void wait_for_ever() {
  for (;;)
    pause();
}

/// Workers that are processes, without a supervisor.
class brood {
public:
  brood() : system_(config_) {}

  caf::error start(const std::string& function) {
    process_options options;
    options.function = function;
    options.on_output = [](const process_output& x) {
      say(std::string{x.line});
    };
    start_context ctx;
    ctx.system = &system_;
    auto spec = to_child_spec(background::process(function, options));
    children_.push_back(spec.start(ctx));
    return children_.back().reason;
  }

private:
  struct config : caf::actor_system_config {
    config() { register_types(*this); }
  };

  config config_;
  caf::actor_system system_;
  std::vector<start_result> children_;
};

int sleeper(process_context ctx) {
  say(ctx.name() + " " + std::to_string(getpid()));
  wait_for_ever();
}

int stubborn(process_context ctx) {
  std::signal(SIGTERM, SIG_IGN);
  return sleeper(std::move(ctx));
}

int middle(process_context ctx) {
  say(ctx.name() + " " + std::to_string(getpid()));
  brood below;
  below.start("leaf");
  wait_for_ever();
}

} // namespace

int main(int argc, char** argv) {
  register_process_function("sleep", sleeper);
  register_process_function("leaf", sleeper);
  register_process_function("stubborn", stubborn);
  register_process_function("middle", middle);
  if (argc > 1 && std::strcmp(argv[1], "no-hook") == 0) {
    say(explain(brood{}.start("sleep")));
    return 0;
  }
  if (auto code = run_if_child_process(argc, argv))
    return *code;
  brood below;
  for (const auto* function : {"sleep", "stubborn", "middle"})
    if (auto reason = below.start(function)) {
      say(explain(reason));
      return 1;
    }
  wait_for_ever();
}
