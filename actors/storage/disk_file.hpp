#pragma once

#include <cstddef>

struct sqlite3_file;
struct sqlite3_vfs;

namespace hololoom {

class disk;

/// The size of the disk's part of an open file; the lower VFS keeps its own
/// right behind it.
std::size_t disk_file_size();

/// Opens a file of `owner` through the VFS `lower`, as `xOpen` does.
int open_disk_file(disk& owner, sqlite3_vfs* lower, const char* name,
                   sqlite3_file* file, int flags, int* out_flags);

} // namespace hololoom
