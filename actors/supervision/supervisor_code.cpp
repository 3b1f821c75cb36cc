#include <hololoom/actors/supervision/supervisor_code.hpp>

#include <utility>

namespace hololoom {

namespace {

thread_local bool is_supervisor = false;

} // namespace

supervisor_code::supervisor_code() noexcept
  : outer_(std::exchange(is_supervisor, true)) {}

supervisor_code::~supervisor_code() {
  is_supervisor = outer_;
}

bool supervisor_code::runs_here() noexcept {
  return is_supervisor;
}

} // namespace hololoom
