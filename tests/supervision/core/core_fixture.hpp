#pragma once

#include "support/actor_fixture.hpp"
#include "support/catch.hpp"

#include <hololoom/actors/supervision/core/host.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace hololoom::test {

using namespace std::chrono_literals;
namespace sv = hololoom::supervision;

/// A host without actors: writes down what it is told, and starts whatever the
/// test says. All children share one handle, which nothing looks at.
class recording_host : public sv::core_host {
public:
  using child = sv::child;

  explicit recording_host(caf::strong_actor_ptr handle)
    : handle_(std::move(handle)) {}

  /// What happened since the last call: "start a, kill b".
  std::string log() { return std::exchange(log_, {}); }
  void note(const std::string& what) {
    log_ += (log_.empty() ? "" : ", ") + what;
  }

  start_result start(child& c, std::int64_t) override {
    note("start " + c.name);
    start_result r{next_start, handle_, probe,
                   failure(errc::io_error, "drawn")};
    if (next_start == start_result::outcome::ignored
        || next_start == start_result::outcome::failed)
      r.handle = nullptr;
    r.nested = nested;
    return r;
  }
  void adopt(child&) override {}
  void release(child&) override {}
  void moved(child&, child&) override {}
  void ask(child& c) override { note("ask " + c.name); }
  void kill(child& c) override { note("kill " + c.name); }
  void stop_below(child& c, sv::time_point) override {
    note("stop below " + c.name);
  }
  void drain_below(child& c, sv::time_point) override {
    note("drain below " + c.name);
  }
  void ended(const child& c, hololoom::ended how, const std::string&,
             sv::time_point) override {
    note(c.name + " " + std::string{name_of(how)});
  }
  void abandoned(const child&) override {}
  void report(const child&, transition, std::string_view) override {}
  void answer_started(sv::ticket t, const child&) override {
    note("started " + std::to_string(t));
  }
  void answer_done(sv::ticket t) override { note("done " + std::to_string(t)); }
  void answer_error(sv::ticket t, caf::error e) override {
    note("error " + std::to_string(t) + " " + to_string(code_of(e)));
  }
  void answer_drain(sv::ticket t, drained r) override {
    note("drained " + std::to_string(t) + (r.excused ? " excused" : ""));
  }
  void proceed_later() override { note("proceed"); }
  bool too_long(sv::time_point) const override { return slow; }
  void finished(caf::error) override { note("finished"); }

  start_result::outcome next_start = start_result::outcome::started;
  std::shared_ptr<child_probe> probe;
  bool nested = false;
  bool slow = false;

private:
  caf::strong_actor_ptr handle_;
  std::string log_;
};

/// A board, and a handle for children that need one without being actors.
class core_fixture : public actor_fixture {
public:
  core_fixture()
    : handle(caf::actor_cast<caf::strong_actor_ptr>(
      track(system.spawn([](caf::event_based_actor*) {
        return caf::behavior{[](int) {
        }};
      })))) {}

  static child_spec_ptr spec(std::string name,
                             restart_type restart = restart_type::permanent) {
    child_spec s;
    s.name = std::move(name);
    s.restart = restart;
    s.start = [](const start_context&) {
      return start_result::ignore();
    };
    return std::make_shared<const child_spec>(std::move(s));
  }

  caf::strong_actor_ptr handle;
};

} // namespace hololoom::test
