#pragma once

#include <hololoom/actors/storage/archive.hpp>
#include <hololoom/messages/time.hpp>

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

// What is in a backup: for who makes one and who restores one.

namespace hololoom::detail {

inline constexpr std::string_view journal_name = "journal.db";
inline constexpr std::string_view shards_name = "shards.db";
inline constexpr std::string_view manifest_name = "manifest.json";

/// What the two stores hold.
struct store_counts {
  std::int64_t last_episode = 0;
  std::int64_t shards = 0;
  bool operator==(const store_counts&) const = default;
};

/// The last member of a backup, so that one which was cut short has none.
struct backup_manifest {
  static constexpr std::int64_t current = 1;

  std::int64_t hololoom_backup = current; ///< The version of this form.
  std::string made_by = {};
  timestamp at = {};
  std::int64_t last_episode = 0;
  std::int64_t shards = 0;
  std::vector<archive_member> files = {};

  static constexpr auto fields() {
    using t = backup_manifest;
    return members(member("hololoom_backup", &t::hololoom_backup),
                   member("made_by", &t::made_by), member("at", &t::at),
                   member("last_episode", &t::last_episode),
                   member("shards", &t::shards), member("files", &t::files));
  }
};

/// Verifies the journal and the memory in `directory`, every row of them.
/// @returns what they hold, or `errc::corrupt`.
caf::expected<store_counts>
verify_stores(const std::filesystem::path& directory,
              const std::stop_token& stop);

} // namespace hololoom::detail
