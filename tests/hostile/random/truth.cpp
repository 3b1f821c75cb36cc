#include "hostile/random/truth.hpp"

#include <atomic>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <sstream>
#include <unistd.h>

namespace hololoom::hostile {

namespace {

constexpr const char* variable = "HOSTILE_TRUTH";

int truth = -1;

} // namespace

void keep_truth_in(const std::string& file) {
  ::setenv(variable, file.c_str(), 1);
  truth = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
}

void keep_truth_as_parent_does() {
  if (const auto* file = std::getenv(variable))
    keep_truth_in(file);
}

void write_truth(char what, std::string_view name, std::uint64_t uid) {
  auto at = std::chrono::steady_clock::now().time_since_epoch();
  auto line = std::string{what} + " " + std::string{name} + " "
            + std::to_string(uid) + " "
            + std::to_string(std::chrono::nanoseconds{at}.count()) + "\n";
  (void)!::write(truth, line.data(), line.size());
}

std::string incarnation_of(const std::string& path, std::int64_t incarnation) {
  return path + "~" + std::to_string(incarnation);
}

life::life(std::string path, std::int64_t incarnation)
  : path_(incarnation_of(path, incarnation)) {
  static std::atomic<std::uint64_t> count = 0;
  uid_ = ++count;
  write_truth('b', path_, uid_);
}

life::~life() {
  write_truth(static_cast<char>(word_), path_, uid_);
}

record read_truth(const std::string& file) {
  record result;
  std::map<std::pair<bool, std::uint64_t>, std::size_t> known;
  std::ifstream in{file};
  for (std::string line; std::getline(in, line);) {
    std::istringstream words{line};
    char what = 0;
    std::string name;
    std::uint64_t uid = 0;
    std::int64_t at = 0;
    words >> what >> name >> uid >> at;
    auto when = moment{std::chrono::nanoseconds{at}};
    auto process = name.starts_with("process:");
    if (process)
      name = name.substr(name.find(':') + 1);
    switch (what) {
      case 'b':
        known[{process, uid}] = result.lives.size();
        result.lives.push_back(
          {name.substr(0, name.rfind('~')), name, uid, process, when});
        break;
      case 'A':
        if (result.asked == moment{})
          result.asked = when;
        break;
      case 'S': result.signaled = when; break;
      case 'R': result.closed = when; break;
      default: {
        auto& x = result.lives.at(known.at({process, uid}));
        x.end = when;
        x.word = static_cast<last_word>(what);
      }
    }
  }
  return result;
}

} // namespace hololoom::hostile
