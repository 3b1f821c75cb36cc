#include "hostile/ending.hpp"

#include <hololoom/messages/json/write.hpp>

#include <fstream>
#include <unistd.h>

namespace hololoom::hostile {

void say(const std::string& line) {
  auto text = line + "\n";
  (void)!::write(STDOUT_FILENO, text.data(), text.size());
}

void end_with(const shutdown_report& report, const std::string& data) {
  std::ofstream{data + "/report.json"} << json_text(report);
  say("closed");
  char end = 0;
  while (::read(STDIN_FILENO, &end, 1) > 0)
    continue;
  ::_exit(report.exit_code);
}

bool told_within(const std::stop_token& stop, std::chrono::milliseconds limit) {
  std::mutex mutex;
  std::condition_variable_any told;
  std::unique_lock guard{mutex};
  told.wait_for(guard, stop, limit, [] { return false; });
  return stop.stop_requested();
}

void visitors::enter() {
  std::lock_guard guard{mutex_};
  ++inside_;
}

void visitors::leave() {
  std::lock_guard guard{mutex_};
  --inside_;
  changed_.notify_all();
}

bool visitors::gone_within(std::chrono::milliseconds limit) {
  std::unique_lock guard{mutex_};
  return changed_.wait_for(guard, limit, [this] { return inside_ == 0; });
}

} // namespace hololoom::hostile
