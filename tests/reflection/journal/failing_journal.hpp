#pragma once

#include "reflection/make.hpp"
#include "storage/faults.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/reflection/journal/journal.hpp>
#include <hololoom/messages/json/write.hpp>

#include <filesystem>
#include <memory>
#include <string>

/// A journal whose commits can be made to fail, and tools to look at its log.

namespace hololoom::test {

inline constexpr std::size_t header = 32;
inline constexpr std::size_t frame_header = 24;
inline constexpr std::size_t stride = frame_header + 4096;

/// The end of a log's last frame that is not all zeros.
inline std::size_t end_of(const std::string& log) {
  auto last = log.find_last_not_of('\0');
  return header + ((last - header) / stride + 1) * stride;
}

/// Fails syncs while it is broken, and keeps a copy of the log at that time.
struct failing_sync : disk_hooks {
  disk_fault before_sync() override {
    if (!broken)
      return disk_fault::none;
    left = slurp(log);
    return disk_fault::broken;
  }

  disk_fault before_write(std::size_t bytes) override {
    return bytes == 0 && never_cut ? disk_fault::broken : disk_fault::none;
  }

  std::filesystem::path log;
  bool broken = false;
  bool never_cut = false;
  std::string left;
};

/// A journal whose syncs can fail.
struct failing_journal {
  explicit failing_journal(const scratch_directory& dir,
                           const std::string& vfs = {}) {
    disk->log = dir.path() / "journal.db-wal";
    journal_options options;
    options.file = dir.journal();
    options.hooks = disk;
    options.vfs = vfs;
    store = std::move(*journal::open(options));
    REQUIRE(!store->verify());
  }

  /// Commits `spacetimes` spacetimes and then an episode, in one transaction.
  caf::error commit(const std::string& id, int spacetimes) {
    if (auto err = store->begin())
      return err;
    for (auto i = 0; i < spacetimes; ++i) {
      auto name = id + "-" + std::to_string(i);
      REQUIRE(!store->add_spacetime(name, json_text(std::string(3000, 'x'))));
    }
    auto x = rewarded("answer", 0.5);
    x.id = id;
    x.woven.response.append(2500, 'y');
    REQUIRE(store->add(row_of(x, 1)));
    return store->commit();
  }

  std::shared_ptr<failing_sync> disk = std::make_shared<failing_sync>();
  std::unique_ptr<journal> store;
};

} // namespace hololoom::test
