#include "support/process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace hololoom::test {

namespace {

using clock = std::chrono::steady_clock;

struct pipe_ends {
  int read = -1;
  int write = -1;
};

pipe_ends make_pipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0)
    throw std::runtime_error{"no pipe"};
  return {fds[0], fds[1]};
}

void close_fd(int& fd) {
  if (fd >= 0)
    ::close(fd);
  fd = -1;
}

std::vector<std::string>
environment(const std::vector<std::pair<std::string, std::string>>& more) {
  std::vector<std::string> result;
  for (auto** i = environ; *i != nullptr; ++i) {
    std::string_view entry{*i};
    auto replaced = false;
    for (const auto& [key, value] : more)
      replaced = replaced || entry.starts_with(key + "=");
    if (!replaced)
      result.emplace_back(entry);
  }
  for (const auto& [key, value] : more)
    result.push_back(key + "=" + value);
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (auto& word : words)
    result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

/// Reads once from `fd` into `text`; closes it at its end.
void read_some(int& fd, std::string& text) {
  std::array<char, 65536> buffer{};
  auto size = ::read(fd, buffer.data(), buffer.size());
  if (size > 0)
    text.append(buffer.data(), static_cast<std::size_t>(size));
  else if (size == 0 || errno != EINTR)
    close_fd(fd);
}

} // namespace

process::process(std::vector<std::string> argv,
                 std::vector<std::pair<std::string, std::string>> env) {
  // A child that no longer reads must not end the test.
  std::signal(SIGPIPE, SIG_IGN);
  auto in = make_pipe();
  auto out = make_pipe();
  auto err = make_pipe();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.read, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.write, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.write, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  for (auto number : {SIGTERM, SIGINT, SIGHUP, SIGPIPE})
    sigaddset(&defaults, number);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  auto variables = environment(env);
  auto status =
    ::posix_spawnp(&pid_, argv.front().c_str(), &actions, &attributes,
                   pointers(argv).data(), pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close_fd(in.read);
  close_fd(out.write);
  close_fd(err.write);
  in_ = in.write;
  out_ = out.read;
  err_ = err.read;
  if (status != 0) {
    ended_ = true;
    throw std::runtime_error{"cannot start " + argv.front() + ": "
                             + std::strerror(status)};
  }
}

process::~process() {
  if (!ended_) {
    ::kill(pid_, SIGKILL);
    reap(0);
  }
  close_fd(in_);
  close_fd(out_);
  close_fd(err_);
}

bool process::write(std::string_view text) {
  while (!text.empty()) {
    auto size = ::write(in_, text.data(), text.size());
    if (size < 0 && errno == EINTR)
      continue;
    if (size < 0)
      return false;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

bool process::feed(std::string_view text) {
  ::fcntl(in_, F_SETFL, O_NONBLOCK);
  while (!text.empty()) {
    std::array<pollfd, 3> fds{pollfd{in_, POLLOUT, 0}, pollfd{out_, POLLIN, 0},
                              pollfd{err_, POLLIN, 0}};
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR)
      return false;
    if ((fds[1].revents | fds[2].revents) != 0)
      pump(0);
    if (fds[0].revents == 0)
      continue;
    auto size = ::write(in_, text.data(), text.size());
    if (size < 0 && errno != EINTR && errno != EAGAIN)
      return false;
    if (size > 0)
      text.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

void process::close_input() {
  close_fd(in_);
}

void process::close_output() {
  close_fd(out_);
}

std::string process::read_line(std::chrono::seconds limit) {
  auto end = clock::now() + limit;
  for (;;) {
    if (auto at = result_.out.find('\n'); at != std::string::npos) {
      auto line = result_.out.substr(0, at);
      result_.out.erase(0, at + 1);
      return line;
    }
    if (clock::now() > end || !pump(100))
      throw std::runtime_error{"no line on standard output; standard error: "
                               + result_.err};
  }
}

void process::send_signal(int number) const {
  ::kill(pid_, number);
}

process_result process::wait(std::chrono::seconds limit) {
  auto end = clock::now() + limit;
  for (auto open = true; open || !ended_;) {
    open = pump(open ? 100 : 0);
    reap(WNOHANG);
    if (!open && !ended_)
      ::usleep(1000);
    if (clock::now() > end) {
      send_signal(SIGKILL);
      reap(0);
      throw std::runtime_error{"the process did not end in time; standard "
                               "error: "
                               + result_.err};
    }
  }
  return std::move(result_);
}

bool process::pump(int ms) {
  std::array<pollfd, 2> fds{pollfd{out_, POLLIN, 0}, pollfd{err_, POLLIN, 0}};
  if (out_ < 0 && err_ < 0)
    return false;
  if (::poll(fds.data(), fds.size(), ms) <= 0)
    return true;
  if (out_ >= 0 && fds[0].revents != 0)
    read_some(out_, result_.out);
  if (err_ >= 0 && fds[1].revents != 0)
    read_some(err_, result_.err);
  return out_ >= 0 || err_ >= 0;
}

void process::reap(int options) {
  int status = 0;
  if (ended_ || ::waitpid(pid_, &status, options) != pid_)
    return;
  ended_ = true;
  if (WIFEXITED(status))
    result_.code = WEXITSTATUS(status);
  else
    result_.signal = WTERMSIG(status);
}

process_result run_process(std::vector<std::string> argv,
                           std::vector<std::pair<std::string, std::string>> env,
                           std::string_view input) {
  process child{std::move(argv), std::move(env)};
  child.feed(input);
  child.close_input();
  return child.wait();
}

temporary_folder::temporary_folder() {
  auto pattern =
    (std::filesystem::temp_directory_path() / "hololoom-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error{"no temporary folder"};
  path_ = pattern;
}

temporary_folder::~temporary_folder() {
  std::error_code ec;
  std::filesystem::remove_all(path_, ec);
}

std::string temporary_folder::operator/(std::string_view name) const {
  return path_ + "/" + std::string{name};
}

std::string temporary_folder::write(std::string_view name,
                                    std::string_view content) const {
  auto path = *this / name;
  std::filesystem::create_directories(
    std::filesystem::path{path}.parent_path());
  std::ofstream{path, std::ios::binary} << content;
  return path;
}

std::string read_file(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace hololoom::test
