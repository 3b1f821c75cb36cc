#include <hololoom/actors/memory/store/shard_store.hpp>
#include <hololoom/actors/reflection/repair/verify_journal.hpp>
#include <hololoom/runtime/backup/contents.hpp>

namespace hololoom::detail {

caf::expected<store_counts>
verify_stores(const std::filesystem::path& directory,
              const std::stop_token& stop) {
  auto journal = verify_journal(directory, nullptr, stop);
  if (!journal)
    return std::move(journal.error());
  auto shards = check_shard_file((directory / shards_name).string(), stop);
  if (!shards)
    return std::move(shards.error());
  return store_counts{journal->last_episode, *shards};
}

} // namespace hololoom::detail
