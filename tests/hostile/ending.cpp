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

} // namespace hololoom::hostile
