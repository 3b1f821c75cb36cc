#pragma once

#include <iostream>
#include <string_view>

namespace demo {

/// Checks the claims of a demo: a false claim is printed, and makes the program
/// end with 1.
class claims {
public:
  void check(bool holds, std::string_view claim) {
    std::cout << (holds ? "  ok: " : "  FALSE: ") << claim << std::endl;
    all_hold_ = all_hold_ && holds;
  }

  int exit_code() const {
    std::cout << (all_hold_ ? "\nEvery claim held.\n"
                            : "\nA claim was false.\n");
    return all_hold_ ? 0 : 1;
  }

private:
  bool all_hold_ = true;
};

} // namespace demo
