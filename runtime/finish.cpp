#include <hololoom/messages/exit_code.hpp>
#include <hololoom/runtime/finish.hpp>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <unistd.h>

namespace hololoom {

namespace {

void say(const std::string& line) {
  std::cerr << line + "\n";
}

void flush_all() {
  std::cout.flush();
  std::cerr.flush();
  std::clog.flush();
  std::fflush(nullptr);
}

} // namespace

std::vector<std::string> troubles_of(const shutdown_report& report) {
  std::vector<std::string> result;
  for (const auto& child : report.children)
    if (child.forced)
      result.push_back(child.name + " was " + std::string{name_of(child.how)}
                       + (child.doing ? " while " + *child.doing : ""));
  if (report.flush.error)
    result.push_back("the flush failed: " + *report.flush.error);
  if (!report.problem.empty())
    result.push_back("the journal: " + report.problem);
  for (const auto& phase : report.phases)
    if (phase.error && phase.name != name_of(cascade_phase::flush))
      result.push_back(phase.name + ": " + *phase.error);
  return result;
}

void finish(const shutdown_report& report) {
  if (report.exit_code != 0)
    say("closed (" + report.reason + ") with exit code "
        + std::to_string(report.exit_code));
  for (const auto& trouble : troubles_of(report))
    say(trouble);
  flush_all();
  if (!report.abandoned.empty())
    ::_exit(report.exit_code);
  std::exit(report.exit_code);
}

void finish(const caf::error& why) {
  say(explain(why));
  flush_all();
  std::exit(static_cast<int>(exit_code_for(code_of(why))));
}

} // namespace hololoom
