#pragma once

#include <hololoom/actors/reflection/journal/writer.hpp>
#include <hololoom/actors/reflection/learning/consolidate.hpp>
#include <hololoom/actors/reflection/options.hpp>
#include <hololoom/actors/reflection/recent_episodes.hpp>
#include <hololoom/messages/caf/type_ids.hpp>
#include <hololoom/messages/reflection.hpp>

#include <caf/actor_clock.hpp>
#include <caf/typed_response_promise.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What the buffer has its journal do. Each task is made and finished by the
/// buffer, and run by the journal's thread in between; it belongs to one of
/// them at a time.

namespace hololoom {

/// What the buffer holds in memory.
struct buffer_memory {
  explicit buffer_memory(reflection_options opts)
    : options(std::make_shared<reflection_options>(std::move(opts))),
      held(options->capacity) {}

  std::shared_ptr<const reflection_options> options;
  std::shared_ptr<const learned_state> learned =
    std::make_shared<learned_state>();
  recent_episodes held;
  /// Episodes that reached the disk since the buffer was opened.
  std::int64_t stored = 0;

  bool durable() const { return !options->directory.empty(); }
};

/// A task of the buffer's.
class buffer_task : public journal_task {
public:
  /// Takes up what came of it and answers the asker.
  /// @param failed why it is not on disk.
  virtual void finish(buffer_memory& memory, const caf::error& failed) = 0;

  /// Whether its success shows that the disk takes writes.
  virtual bool writes() const { return true; }

  /// Answers with an error, unless it has been answered.
  virtual void refuse(const caf::error&) {}

  /// When it was asked for.
  caf::actor_clock::time_point since;
};

/// A task whose asker waits for an `Ack`.
template <class Ack>
class answering_task : public buffer_task {
public:
  explicit answering_task(caf::typed_response_promise<Ack> promise)
    : promise_(std::move(promise)) {}

  void refuse(const caf::error& reason) override {
    if (!std::exchange(answered_, true))
      promise_.deliver(reason);
  }

protected:
  void answer(Ack x) {
    if (!std::exchange(answered_, true))
      promise_.deliver(std::move(x));
  }

private:
  caf::typed_response_promise<Ack> promise_;
  bool answered_ = false;
};

/// Stores an episode.
class store_task : public answering_task<reflect_ack> {
public:
  store_task(caf::typed_response_promise<reflect_ack> promise,
             std::shared_ptr<const reflection_options> options, episode&& x);
  caf::error run(journal& x) override;
  void committed(const journal& x) override;
  void finish(buffer_memory& memory, const caf::error& failed) override;

protected:
  store_task(caf::typed_response_promise<reflect_ack> promise,
             std::shared_ptr<const reflection_options> options)
    : answering_task(std::move(promise)), options_(std::move(options)) {}

  std::shared_ptr<const reflection_options> options_;
  episode episode_;
  episode_record record_;
  placement place_;
  /// What is wrong with this request alone.
  caf::error wrong_;
};

/// Stores an episode for a spacetime that was recorded before.
class store_on_task : public store_task {
public:
  store_on_task(caf::typed_response_promise<reflect_ack> promise,
                std::shared_ptr<const reflection_options> options,
                reflect_on_request x)
    : store_task(std::move(promise), std::move(options)),
      request_(std::move(x)) {}
  caf::error run(journal& x) override;

private:
  reflect_on_request request_;
};

class record_task : public answering_task<record_ack> {
public:
  record_task(caf::typed_response_promise<record_ack> promise,
              const spacetime& x);
  caf::error run(journal& x) override;
  void finish(buffer_memory& memory, const caf::error& failed) override;

private:
  std::string id_;
  std::string body_;
};

/// Reads episodes that are no longer held.
class page_task : public answering_task<episode_page> {
public:
  page_task(caf::typed_response_promise<episode_page> promise,
            episodes_query query)
    : answering_task(std::move(promise)), query_(query) {}
  bool grouped() const override { return false; }
  bool writes() const override { return false; }
  caf::error run(journal& x) override;
  void finish(buffer_memory& memory, const caf::error& failed) override;

private:
  episodes_query query_;
  episode_page page_;
};

/// Applies an analysis; nobody may be waiting for it.
class learn_task : public buffer_task {
public:
  learn_task(std::optional<caf::typed_response_promise<learned>> promise,
             std::vector<learning_signal> signals, adjustment change)
    : promise_(std::move(promise)),
      signals_(std::move(signals)),
      change_(std::move(change)) {}
  caf::error run(journal& x) override { return x.adjust(change_); }
  void finish(buffer_memory& memory, const caf::error& failed) override;
  void refuse(const caf::error& reason) override;

private:
  std::optional<caf::typed_response_promise<learned>> promise_;
  std::vector<learning_signal> signals_;
  adjustment change_;
};

class consolidate_task : public answering_task<consolidation_report> {
public:
  consolidate_task(caf::typed_response_promise<consolidation_report> promise,
                   const buffer_memory& memory);
  bool grouped() const override { return false; }
  bool writes() const override { return !nothing_to_do(); }
  caf::error run(journal& x) override;
  void finish(buffer_memory& memory, const caf::error& failed) override;

private:
  bool nothing_to_do() const {
    return plan_.mergers.empty() && plan_.pruned.empty();
  }

  std::chrono::steady_clock::time_point begun_;
  consolidation_plan plan_;
  /// The episodes that others were merged into.
  std::vector<std::pair<std::int64_t, episode>> merged_;
};

/// Writes the summary, once all before it is on disk.
class flush_task : public buffer_task {
public:
  flush_task(std::optional<caf::typed_response_promise<flush_ack>> promise,
             const buffer_memory& memory)
    : promise_(std::move(promise)),
      directory_(memory.options->directory),
      stored_before_(memory.stored) {}
  bool grouped() const override { return false; }
  bool writes() const override { return false; }
  caf::error run(journal& x) override;
  void finish(buffer_memory& memory, const caf::error& failed) override;
  void refuse(const caf::error& reason) override;

  /// Something before it did not reach the disk.
  void spoil(const caf::error& why) {
    if (!spoiled_)
      spoiled_ = why;
  }

private:
  std::optional<caf::typed_response_promise<flush_ack>> promise_;
  std::string directory_;
  std::int64_t stored_before_;
  std::int64_t sequence_ = 0;
  caf::error spoiled_;
};

/// Finds out whether the disk takes writes again.
class probe_task : public buffer_task {
public:
  bool grouped() const override { return false; }
  caf::error run(journal& x) override { return x.probe(); }
  void finish(buffer_memory&, const caf::error&) override {}
};

} // namespace hololoom
