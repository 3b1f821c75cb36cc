#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>

namespace hololoom::test {

/// A SQLite VFS whose files are in memory and lose unsynced data when the power
/// fails: of the writes since a file's last sync, each sector is kept or lost
/// by chance, in no order; a file that was never synced may be gone, a deleted
/// one may be back.
///
/// Any thread may use it.
class volatile_disk {
public:
  volatile_disk();
  volatile_disk(const volatile_disk&) = delete;
  volatile_disk& operator=(const volatile_disk&) = delete;
  ~volatile_disk();

  /// Its name, for a connection.
  const std::string& name() const;

  /// From here on all calls fail, until the power is back.
  void power_loss(std::mt19937& random);

  /// @pre all files are closed.
  void power_on();

  /// Whether truncations fail from here on.
  void refuse_truncation(bool x);

  struct impl;

private:
  std::unique_ptr<impl> impl_;
};

} // namespace hololoom::test
