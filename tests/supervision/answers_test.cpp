#include "support.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <functional>

// How many children a supervisor handles between a question and its answer:
// its promise to answer within milliseconds, counted in work instead of time.
// bench/supervision_answers measures the time.

using namespace hololoom;
using namespace hololoom::test;

namespace {

constexpr std::size_t many = 10'000;
/// Children are handled in slices of 256: one may be under way when the
/// question comes, and one when the answer goes.
constexpr std::size_t most = 2 * 256;
/// To note a child, or to ask it to end, is less work.
constexpr std::size_t most_asked = 2 * 1024;

/// Runs one handler, and puts its actor behind all others: as they have their
/// turns from one queue, under the sharing policy.
void run_in_turn(supervision_fixture& test) {
  auto& jobs = test.scheduler.jobs;
  if (jobs.empty())
    return test.advance(1ms);
  auto* job = jobs.front();
  test.scheduler.run_once();
  if (jobs.empty() || jobs.front() != job)
    return;
  jobs.pop_front();
  jobs.push_back(job);
}

/// Asks one question after the other.
class curious {
public:
  curious(supervision_fixture& test, const supervisor_actor& whom)
    : whom_(whom) {
    test.events->observe([handled = handled_](const lifecycle_event& e) {
      if (e.what == transition::started || e.what == transition::stopped)
        ++*handled;
    });
    test.track(
      test.system.spawn([this](caf::event_based_actor* self) { next(self); }));
  }

  void stop() { asking_ = false; }

  /// The most that was handled between a question and its answer; starts over.
  std::size_t most() { return std::exchange(most_, 0); }

  /// The questions that were answered while there was work; starts over.
  int answered() { return std::exchange(answered_, 0); }

private:
  void next(caf::event_based_actor* self) {
    auto before = *handled_;
    self->request(whom_, caf::infinite, count_children{})
      .then(
        [this, self, before](const child_counts&) {
          if (*handled_ > before) {
            most_ = std::max(most_, *handled_ - before);
            ++answered_;
          }
          if (asking_)
            next(self);
        },
        [](const caf::error&) {
          // It has ended.
        });
  }

  supervisor_actor whom_;
  std::shared_ptr<std::size_t> handled_ = std::make_shared<std::size_t>(0);
  std::size_t most_ = 0;
  int answered_ = 0;
  bool asking_ = true;
};

} // namespace

TEST_CASE_METHOD(supervision_fixture,
                 "a question is answered while very many children are "
                 "started, restarted and stopped") {
  supervisor_options options;
  options.strategy = strategy::one_for_all;
  options.stop_order = GENERATE(stop_order::parallel, stop_order::reverse);
  options.names = names;
  options.events = events;
  std::vector<child_spec> children;
  for (std::size_t i = 0; i < many; ++i)
    children.push_back(worker("w" + std::to_string(i)));
  auto sup = track(*spawn_supervisor(system, options, std::move(children)));
  curious mind{*this, sup};
  auto step_until = [&](auto condition) {
    while (!condition())
      run_in_turn(*this);
  };
  step_until([&] { return log->starts.size() == many; });
  CHECK(mind.answered() >= static_cast<int>(many / most));
  CHECK(mind.most() <= most);
  // The end of the last has all the others stopped, and all started.
  caf::anon_send(log->current["w" + std::to_string(many - 1)], caf::put_atom{},
                 2);
  step_until([&] { return log->starts.size() == 2 * many; });
  CHECK(log->exits.size() == many);
  CHECK(mind.answered() >= static_cast<int>(2 * many / most_asked));
  CHECK(mind.most() <= most_asked);
  auto reason = watch(sup);
  exit_high(sup, caf::exit_reason::user_shutdown);
  step_until([&] { return !reason->empty(); });
  CHECK(mind.answered() >= static_cast<int>(many / most_asked));
  CHECK(mind.most() <= most_asked);
  CHECK(log->exits.size() == 2 * many);
  mind.stop();
}

TEST_CASE_METHOD(supervision_fixture,
                 "a question is answered before very many children are known") {
  std::vector<child_spec> children;
  for (std::size_t i = 0; i < many; ++i)
    children.push_back(worker("w" + std::to_string(i)));
  supervisor_options options;
  options.names = names;
  auto sup = track(*spawn_supervisor(system, options, std::move(children)));
  std::vector<std::size_t> known{0};
  std::function<void(caf::event_based_actor*)> ask_again =
    [&](caf::event_based_actor* self) {
      self->request(sup, caf::infinite, count_children{})
        .then([&, self](const child_counts& x) {
          known.push_back(static_cast<std::size_t>(x.specs));
          if (known.back() < many)
            ask_again(self);
        });
    };
  track(system.spawn([&](caf::event_based_actor* self) { ask_again(self); }));
  while (known.back() < many)
    run_in_turn(*this);
  for (std::size_t i = 1; i < known.size(); ++i)
    CHECK(known[i] - known[i - 1] <= most_asked);
  run();
  CHECK(log->starts.size() == many);
}

TEST_CASE_METHOD(supervision_fixture,
                 "a question is answered before very many are asked to end") {
  enum class by { exit, drain };
  auto how = GENERATE(by::exit, by::drain);
  std::vector<child_spec> children;
  for (std::size_t i = 0; i < many; ++i)
    children.push_back(worker("w" + std::to_string(i)));
  supervisor_options options;
  options.stop_order = stop_order::parallel;
  auto sup = supervise(options, std::move(children));
  auto reason = watch(sup);
  // Every answer counts those who run on.
  std::vector<std::size_t> run_on{many};
  std::function<void(caf::event_based_actor*)> ask_again =
    [&](caf::event_based_actor* self) {
      self->request(sup, caf::infinite, which_children{})
        .then(
          [&, self](const child_list& x) {
            run_on.push_back(static_cast<std::size_t>(std::count_if(
              x.children.begin(), x.children.end(),
              [](const auto& c) { return c.state == child_state::running; })));
            if (run_on.back() > 0)
              ask_again(self);
          },
          [](const caf::error&) {
            // It has ended.
          });
    };
  track(system.spawn([&](caf::event_based_actor* self) { ask_again(self); }));
  if (how == by::drain)
    system.spawn([&](caf::event_based_actor* self) {
      self->request(sup, caf::infinite, drain_request{{}, now() + 5s, true})
        .then([](const drained&) {});
    });
  else
    exit_high(sup, caf::exit_reason::user_shutdown);
  while (reason->empty())
    run_in_turn(*this);
  for (std::size_t i = 1; i < run_on.size(); ++i)
    CHECK(run_on[i - 1] - run_on[i] <= most_asked);
  CHECK(run_on.size() > many / most_asked);
  CHECK(log->exits.size() == many);
}
