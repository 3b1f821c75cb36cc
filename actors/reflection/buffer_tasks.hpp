#pragma once

#include <hololoom/actors/reflection/journal/journal_thread.hpp>
#include <hololoom/actors/reflection/learning/consolidate.hpp>
#include <hololoom/actors/reflection/options.hpp>
#include <hololoom/actors/reflection/recent_episodes.hpp>
#include <hololoom/messages/caf/copy_store.hpp>
#include <hololoom/messages/caf/reflection_ids.hpp>
#include <hololoom/messages/reflection.hpp>

#include <caf/actor_clock.hpp>
#include <caf/typed_response_promise.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// The buffer's tasks for its journal. The buffer makes and finishes each task,
/// the journal's thread runs it in between; it belongs to one of them at a
/// time.

namespace hololoom {

/// The buffer's data in memory.
struct buffer_memory {
  explicit buffer_memory(reflection_options opts)
    : options(std::make_shared<reflection_options>(std::move(opts))),
      recent(options->capacity) {}

  std::shared_ptr<const reflection_options> options;
  std::shared_ptr<const shared_learned> learned =
    std::make_shared<shared_learned>();
  recent_episodes recent;
  /// Episodes that became durable since the buffer was opened.
  std::int64_t stored = 0;
  /// See `reflection_surroundings`.
  std::function<void(const consolidation_report&)> on_consolidated;

  bool durable() const { return !options->directory.empty(); }
};

/// A task that the buffer finishes.
class buffer_task : public journal_task {
public:
  /// Updates the buffer's data with the outcome and answers the asker.
  /// @param failed why the task is not durable.
  virtual void finish(buffer_memory& memory, const caf::error& failed) = 0;

  /// Whether it goes on: it has done a part, and is to be submitted again.
  virtual bool again() const { return false; }

  /// Answers with an error, unless it has been answered.
  virtual void refuse(const caf::error&) {}

  /// The bytes of its texts that wait with it, as far as they are known.
  virtual std::size_t size() const { return 0; }

  /// When the buffer submitted it, and its size then.
  caf::actor_clock::time_point since;
  std::size_t bytes = 0;
};

/// A task whose asker, if there is one, waits for an `Ack`.
template <class Ack>
class answering_task : public buffer_task {
public:
  using asker = std::optional<caf::typed_response_promise<Ack>>;

  explicit answering_task(asker x) : asker_(std::move(x)) {}

  void finish(buffer_memory& memory, const caf::error& failed) override {
    auto result = failed ? caf::expected<Ack>{failed} : outcome(memory);
    if (!result)
      refuse(result.error());
    else if (auto to = std::exchange(asker_, std::nullopt))
      to->deliver(std::move(*result));
  }

  void refuse(const caf::error& reason) override {
    if (auto to = std::exchange(asker_, std::nullopt))
      to->deliver(reason);
  }

protected:
  /// Updates the buffer's data and makes the answer, once the task is durable.
  virtual caf::expected<Ack> outcome(buffer_memory& memory) = 0;

private:
  /// None once it has been answered.
  asker asker_;
};

/// Stores an episode.
class store_task : public answering_task<reflect_ack> {
public:
  /// @param reward_given whether the request has the reward that `x` has.
  store_task(caf::typed_response_promise<reflect_ack> promise,
             std::shared_ptr<const reflection_options> options, episode&& x,
             bool reward_given);
  caf::error run(journal& x) override;
  void answered(const journal& x) const override;
  std::size_t size() const override { return row_.body.size(); }
  caf::expected<reflect_ack> outcome(buffer_memory& memory) override;

protected:
  store_task(caf::typed_response_promise<reflect_ack> promise,
             std::shared_ptr<const reflection_options> options)
    : answering_task(std::move(promise)), options_(std::move(options)) {}

  void take(episode&& x, bool reward_given);

  std::shared_ptr<const reflection_options> options_;
  episode episode_;
  episode_row row_;
  placement place_;
  /// An error of this request alone.
  caf::error wrong_;
};

/// Stores an episode of a spacetime that was recorded before.
class store_on_task : public store_task {
public:
  store_on_task(caf::typed_response_promise<reflect_ack> promise,
                std::shared_ptr<const reflection_options> options,
                reflect_on_request x)
    : store_task(std::move(promise), std::move(options)),
      request_(std::move(x)) {}
  caf::error run(journal& x) override;

private:
  caf::expected<spacetime> recorded(journal& x) const;

  reflect_on_request request_;
};

/// Records a spacetime, for a later reflection.
class record_spacetime_task : public answering_task<record_ack> {
public:
  record_spacetime_task(caf::typed_response_promise<record_ack> promise,
                        const spacetime& x);
  std::size_t size() const override { return body_.size(); }
  caf::error run(journal& x) override;
  caf::expected<record_ack> outcome(buffer_memory& memory) override;

private:
  std::string id_;
  std::string body_;
  /// As in `store_task`.
  caf::error wrong_;
};

/// Reads episodes that are no longer in memory.
class page_task : public answering_task<episode_page> {
public:
  page_task(caf::typed_response_promise<episode_page> promise,
            episodes_query query)
    : answering_task(std::move(promise)), query_(query) {}
  bool grouped() const override { return false; }
  caf::error run(journal& x) override;
  caf::expected<episode_page> outcome(buffer_memory& memory) override;

private:
  episodes_query query_;
  episode_page page_;
};

/// Applies an analysis, which may have no asker.
class learn_task : public answering_task<learned> {
public:
  learn_task(asker x, std::vector<learning_signal> signals, adjustment change)
    : answering_task(std::move(x)),
      signals_(std::move(signals)),
      change_(std::move(change)) {}
  caf::error run(journal& x) override { return x.adjust(change_); }
  caf::expected<learned> outcome(buffer_memory& memory) override;

private:
  std::vector<learning_signal> signals_;
  adjustment change_;
};

class consolidate_task : public answering_task<consolidation_report> {
public:
  consolidate_task(caf::typed_response_promise<consolidation_report> promise,
                   const buffer_memory& memory);
  bool grouped() const override { return false; }
  caf::error run(journal& x) override;
  caf::expected<consolidation_report> outcome(buffer_memory& memory) override;

private:
  bool nothing_to_do() const {
    return plan_.mergers.empty() && plan_.pruned.empty();
  }

  std::chrono::steady_clock::time_point begun_;
  consolidation_plan plan_;
  /// The episodes that remain of merged groups.
  std::vector<std::pair<std::int64_t, episode>> merged_;
};

/// Writes the summary, once all earlier tasks are durable.
class flush_task : public answering_task<flush_ack> {
public:
  flush_task(asker x, const buffer_memory& memory)
    : answering_task(std::move(x)),
      directory_(memory.options->directory),
      stored_before_(memory.stored) {}
  bool grouped() const override { return false; }
  caf::error run(journal& x) override;
  caf::expected<flush_ack> outcome(buffer_memory& memory) override;

  /// Makes the flush fail: an earlier task did not become durable.
  void spoil(const caf::error& why) {
    if (!spoiled_)
      spoiled_ = why;
  }

private:
  std::string directory_;
  std::int64_t stored_before_;
  std::int64_t sequence_ = 0;
  caf::error spoiled_;
};

/// Copies the journal, some pages at a time.
class copy_task : public answering_task<store_copied> {
public:
  copy_task(caf::typed_response_promise<store_copied> promise, copy_store asked)
    : answering_task(std::move(promise)), asked_(std::move(asked)) {}
  bool grouped() const override { return false; }
  bool again() const override { return !complete_ && !wrong_; }
  caf::error run(journal& x) override;
  void finish(buffer_memory& memory, const caf::error& failed) override;

private:
  caf::expected<store_copied> outcome(buffer_memory& memory) override;

  copy_store asked_;
  store_copied copied_;
  bool complete_ = false;
  /// An error of this copy alone.
  caf::error wrong_;
};

/// Finds out whether the disk accepts writes again.
class probe_task : public buffer_task {
public:
  bool grouped() const override { return false; }
  caf::error run(journal& x) override { return x.probe(); }
  void finish(buffer_memory&, const caf::error&) override {}
};

} // namespace hololoom
