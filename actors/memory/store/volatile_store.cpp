#include <hololoom/actors/memory/store/shard_store.hpp>
#include <hololoom/messages/json/write.hpp>

#include <functional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace hololoom {

namespace {

/// Knows of each shard its source and a hash of its content.
class volatile_store final : public shard_store {
public:
  caf::expected<store_change> put(remember_request request) override {
    if (closed_)
      return failure(errc::closed, "the memory is closed");
    if (auto err = check(request))
      return err;
    store_change result;
    auto& counts = result.counts;
    std::unordered_map<std::string, std::size_t> last;
    for (std::size_t i = 0; i < request.shards.size(); ++i)
      last[request.shards[i].id] = i;
    for (std::size_t i = 0; i < request.shards.size(); ++i) {
      auto& x = request.shards[i];
      if (last[x.id] != i)
        continue;
      auto known = known_.find(x.id);
      auto content = content_of(x);
      if (known != known_.end() && known->second.content == content) {
        ++counts.unchanged;
        continue;
      }
      ++(known == known_.end() ? counts.added : counts.replaced);
      forget_source_of(x.id);
      auto source = x.metadata.text("source");
      known_[x.id] = {content, source};
      if (!source.empty())
        by_source_[source].insert(x.id);
      result.written.push_back(std::move(x));
    }
    for (const auto& source : request.sources)
      for (const auto& id : ids_of(source))
        if (!last.contains(id))
          result.removed.push_back(id);
    for (const auto& id : result.removed) {
      forget_source_of(id);
      known_.erase(id);
    }
    counts.removed = static_cast<std::int64_t>(result.removed.size());
    counts.total = size();
    return result;
  }

  caf::error for_each(std::size_t,
                      const std::function<void(stored_rows)>&) override {
    return {};
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
  using id_set = std::unordered_set<std::string>;

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
  std::unordered_map<std::string, id_set> by_source_;
  bool closed_ = false;
};

} // namespace

std::unique_ptr<shard_store> make_volatile_store() {
  return std::make_unique<volatile_store>();
}

} // namespace hololoom
