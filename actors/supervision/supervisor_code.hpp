#pragma once

namespace hololoom {

/// While it lives, the calling thread runs a supervisor, or user code that one
/// waits for: a factory, a probe, the destructor of what a child leaves behind.
/// Such code must not wait for the end of the supervision tree, which would
/// wait for the supervisor.
class supervisor_code {
public:
  supervisor_code() noexcept;
  ~supervisor_code();
  supervisor_code(const supervisor_code&) = delete;
  supervisor_code& operator=(const supervisor_code&) = delete;

  /// Whether the calling thread does.
  static bool runs_here() noexcept;

private:
  bool outer_;
};

} // namespace hololoom
