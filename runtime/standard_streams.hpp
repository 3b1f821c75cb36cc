#pragma once

namespace hololoom {

/// Opens each of the descriptors 0, 1 and 2 that is closed, so that no file
/// that is opened later gets its number and with it what is meant for a
/// terminal. Reading from such a descriptor finds the end of the input, writing
/// a result fails with EBADF, and writing to standard error has no effect.
///
/// `signal_watch` and `loom::open` call it; a program that opens files before
/// either calls it first thing in `main`.
void hold_standard_streams();

} // namespace hololoom
