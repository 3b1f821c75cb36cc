#pragma once

#include <hololoom/runtime/cli/terminal/console.hpp>
#include <hololoom/runtime/cli/terminal/render.hpp>

#include <chrono>
#include <functional>

namespace hololoom::cli {

/// Draws how far something is, no more often than people can see. One thread at
/// a time calls it, as long as `out` lives.
template <class Progress>
std::function<void(const Progress&)> progress_bar(console& out) {
  using clock = std::chrono::steady_clock;
  return [&out, next = clock::time_point{}](const Progress& x) mutable {
    if (!out.err_is_terminal() || clock::now() < next)
      return;
    next = clock::now() + std::chrono::milliseconds{100};
    out.status(render(x, bar_line_width));
  };
}

} // namespace hololoom::cli
