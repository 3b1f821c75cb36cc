#include <hololoom/actors/memory/index/keep_last.hpp>
#include <hololoom/actors/memory/store/shard_store.hpp>
#include <hololoom/messages/json/write.hpp>

#include <functional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace hololoom {

namespace {

/// Keeps the source of each shard and a hash of its content.
class volatile_store final : public shard_store {
public:
  caf::expected<store_change> put(remember_request request,
                                  const std::stop_token&) override {
    if (closed_)
      return failure(errc::closed, "the memory is closed");
    if (auto err = check(request))
      return err;
    detail::keep_last(request.shards);
    store_change result;
    std::unordered_set<std::string> kept;
    for (auto& x : request.shards) {
      kept.insert(x.id);
      put_one(std::move(x), result);
    }
    for (const auto& source : request.sources)
      for (const auto& id : ids_of(source))
        if (!kept.contains(id))
          result.removed.push_back(id);
    for (const auto& id : result.removed) {
      forget_source_of(id);
      known_.erase(id);
    }
    result.counts.removed = static_cast<std::int64_t>(result.removed.size());
    result.counts.total = size();
    return result;
  }

  caf::error for_each(std::size_t, const std::function<void(stored_rows)>&,
                      const std::stop_token&) override {
    return {};
  }

  caf::expected<std::unique_ptr<sqlite::online_copy>>
  begin_copy(const std::filesystem::path&) override {
    return failure(errc::not_supported, "this memory has no file to copy");
  }

  std::int64_t size() const override {
    return static_cast<std::int64_t>(known_.size());
  }

  bool durable() const override { return false; }

  caf::error close() override {
    closed_ = true;
    return {};
  }

private:
  struct entry {
    std::size_t content = 0;
    std::string source;
  };

  void put_one(shard x, store_change& change) {
    auto known = known_.find(x.id);
    auto content = content_of(x);
    if (known != known_.end() && known->second.content == content) {
      ++change.counts.unchanged;
      return;
    }
    ++(known == known_.end() ? change.counts.added : change.counts.replaced);
    forget_source_of(x.id);
    auto source = x.metadata.text("source");
    known_[x.id] = {content, source};
    if (!source.empty())
      by_source_[source].insert(x.id);
    change.written.push_back(std::move(x));
  }

  static std::size_t content_of(const shard& x) {
    auto rest = x;
    rest.text.clear();
    return std::hash<std::string>{}(x.text) * 31
         + std::hash<std::string>{}(json_text(rest));
  }

  std::vector<std::string> ids_of(const std::string& source) const {
    auto i = by_source_.find(source);
    if (i == by_source_.end())
      return {};
    return {i->second.begin(), i->second.end()};
  }

  void forget_source_of(const std::string& id) {
    auto i = known_.find(id);
    if (i == known_.end() || i->second.source.empty())
      return;
    if (auto ids = by_source_.find(i->second.source); ids != by_source_.end())
      ids->second.erase(id);
  }

  std::unordered_map<std::string, entry> known_;
  std::unordered_map<std::string, std::unordered_set<std::string>> by_source_;
  bool closed_ = false;
};

} // namespace

std::unique_ptr<shard_store> make_volatile_store() {
  return std::make_unique<volatile_store>();
}

} // namespace hololoom
