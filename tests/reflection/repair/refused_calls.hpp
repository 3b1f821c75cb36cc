#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <thread>
#include <vector>

namespace hololoom::test {

/// A system call, and the `errno` with which it fails.
struct refused_call {
  int number;
  std::uint32_t reason;
};

#ifdef SYS_link
/// The calls that fail on a file system without hard links.
inline const std::vector<refused_call> no_links{{SYS_link, EPERM},
                                                {SYS_linkat, EPERM}};
#else
inline const std::vector<refused_call> no_links{{SYS_linkat, EPERM}};
#endif

/// Makes the kernel refuse calls of this thread from now on.
/// @returns whether the machine permits that.
inline bool refuse(const std::vector<refused_call>& calls) {
  std::vector<sock_filter> program{
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (const auto& x : calls) {
    auto number = static_cast<std::uint32_t>(x.number);
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | x.reason));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  sock_fprog filter{static_cast<unsigned short>(program.size()),
                    program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
      && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/// Runs `f` on a thread whose calls are refused.
/// @returns whether the machine permits that.
template <class F>
bool run_refused(const std::vector<refused_call>& calls, F f) {
  auto refused = false;
  std::thread{[&] {
    refused = refuse(calls);
    if (refused)
      f();
  }}.join();
  return refused;
}

} // namespace hololoom::test
