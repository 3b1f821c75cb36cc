// Runs traces on the production supervisor under a virtual clock.
//
// Reads JSON Lines from standard input: each line has a supervisor, its
// children and the operations on them. Writes a line of JSON for each trace:
// the replies, the running children, and the ended ones in their order. Without
// backoff that is what Erlang/OTP's supervisor does, and tests/supervision
// compares the two.
//
// The sample shows:
//   - how a supervisor is put over plain CAF actors;
//   - how CAF's deterministic scheduler makes hours pass in microseconds.

// One of the dearest sources to compile: it brings together JSON, the command
// line library and typed requests of every kind that a supervisor takes.

#include <hololoom/actors/supervision/supervisor.hpp>
#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/messages/caf/local_message.hpp>
#include <hololoom/messages/caf/virtual_time.hpp>
#include <hololoom/messages/json/value.hpp>

#include <CLI/CLI.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace hololoom;

namespace {

// -- children -----------------------------------------------------------------

/// A CHILD of a trace: its answers to start attempts, and its manners.
struct script {
  std::string id;
  std::vector<std::string> start{"ok"};
  std::size_t attempts = 0;
  bool ignores = false;
  std::string leaves = "shutdown"; ///< Its exit reason when told to end.

  const std::string& next_start() {
    return start[std::min(attempts++, start.size() - 1)];
  }
};

struct ending {
  std::string id;
  std::string reason;
  bool told = false; ///< Its supervisor ended it.
};

/// Kept by all children of a trace together.
struct ledger {
  std::vector<ending> ended;
  std::map<std::string, caf::actor> running;
  std::string last_failed;
};

struct leave {
  std::string reason;
};

} // namespace

HOLOLOOM_LOCAL_MESSAGE(2000, leave)

namespace {

caf::behavior traced(caf::event_based_actor* self,
                     const std::shared_ptr<script>& how, const std::string& id,
                     const std::shared_ptr<ledger>& book) {
  auto note = std::make_shared<ending>(ending{id, "killed", true});
  self->attach_functor([=](const caf::error&) {
    book->ended.push_back(*note);
    book->running.erase(id);
  });
  auto end = [=](const std::string& reason) {
    note->reason = reason;
    if (reason == "normal")
      self->quit();
    else if (reason == "shutdown")
      self->quit(caf::exit_reason::user_shutdown);
    else
      self->quit(failure(errc::crashed, reason));
  };
  self->set_exit_handler([=](const caf::exit_msg&) {
    if (!how->ignores)
      end(how->leaves);
  });
  return {[=](const leave& x) {
    note->told = false;
    end(x.reason);
  }};
}

// -- reading a trace ----------------------------------------------------------

/// The id as a valid name of a child.
std::string name_of_id(const std::string& id) {
  std::string result = "_";
  for (auto c : id)
    result += c == '/' ? "%2F" : c == '%' ? "%25" : std::string(1, c);
  return result;
}

/// The enumerator named at `key`; an invalid one for any other value.
template <class E>
E enumerator(const json& where, const char* key, E standard) {
  auto i = where.find(key);
  if (i == where.end())
    return standard;
  if (i->is_string())
    for (const auto& [value, name] : enumerators(E{}))
      if (name == i->template get_ref<const std::string&>())
        return value;
  return static_cast<E>(255);
}

/// A whole number, cut to the largest; -1 for any other value.
std::int64_t whole_number(const json& x) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  if (x.is_number_unsigned() && x.get<std::uint64_t>() > std::uint64_t{most})
    return most;
  return x.is_number_integer() ? x.get<std::int64_t>() : -1;
}

std::int64_t whole(const json& where, const char* key, std::int64_t standard) {
  auto i = where.find(key);
  return i == where.end() ? standard : whole_number(*i);
}

/// `ms` milliseconds, cut to the longest time that the clock can represent.
caf::timespan time_of(std::int64_t ms) {
  constexpr auto longest =
    std::chrono::floor<std::chrono::milliseconds>(caf::timespan::max());
  return std::clamp(std::chrono::milliseconds{ms}, -longest, longest);
}

/// The id; a value that is not a string is taken as its JSON text.
std::string id_in(const json& x) {
  auto id = x.find("id");
  if (id == x.end())
    return {};
  return id->is_string() ? id->get<std::string>() : id->dump();
}

supervisor_options read_options(const json& x) {
  supervisor_options o;
  o.strategy = enumerator(x, "strategy", o.strategy);
  o.intensity = whole(x, "intensity", 1);
  o.period = time_of(whole(x, "period_ms", 5000));
  o.auto_shutdown = enumerator(x, "auto_shutdown", o.auto_shutdown);
  return o;
}

std::optional<shutdown_policy> read_shutdown(const json& x) {
  auto i = x.find("shutdown");
  if (i == x.end())
    return std::nullopt;
  if (*i == "brutal_kill")
    return shutdown_policy::brutal_kill();
  if (*i == "infinity")
    return shutdown_policy::infinity();
  return shutdown_policy::within(time_of(whole_number(*i)));
}

struct parsed_child {
  child_spec spec;
  bool bad_significant = false;

  std::optional<std::string> flaw(const supervisor_options& o) const {
    auto problem = check(spec, o);
    if (bad_significant
        && !(problem
             && (problem->flaw == spec_flaw::missing_id
                 || problem->flaw == spec_flaw::invalid_restart_type)))
      return "invalid_significant";
    if (problem)
      return std::string{name_of(problem->flaw)};
    return std::nullopt;
  }
};

parsed_child read_child(const json& x, const std::shared_ptr<ledger>& book) {
  parsed_child result;
  auto& spec = result.spec;
  auto how = std::make_shared<script>();
  if (x.contains("id")) {
    how->id = id_in(x);
    spec.name = name_of_id(how->id);
  }
  spec.restart = enumerator(x, "restart", spec.restart);
  spec.type = enumerator(x, "type", spec.type);
  spec.shutdown = read_shutdown(x);
  if (auto s = x.find("significant"); s != x.end()) {
    result.bad_significant = !s->is_boolean();
    spec.significant = s->is_boolean() && s->get<bool>();
  }
  if (auto s = x.find("start"); s != x.end() && s->is_array() && !s->empty()) {
    how->start.clear();
    for (const auto& outcome : *s)
      how->start.push_back(outcome.is_string() ? outcome.get<std::string>()
                                               : "error");
  }
  if (auto s = x.find("on_shutdown"); s != x.end()) {
    how->ignores = *s == "ignore";
    if (s->is_object())
      how->leaves = s->value("exit", "normal");
  }
  spec.start = [how, book](const start_context& ctx) {
    auto outcome = how->next_start();
    auto name = ctx.path.substr(ctx.path.rfind('/') + 1);
    auto id = name[0] == '_' ? how->id : name;
    if (outcome == "ignore")
      return start_result::ignore();
    if (outcome != "ok") {
      book->last_failed = id;
      return start_result::failure(failure(errc::start_failed, outcome));
    }
    auto hdl = ctx.system->spawn(traced, how, id, book);
    book->running[id] = hdl;
    return start_result::started(hdl);
  };
  return result;
}

// -- running it ---------------------------------------------------------------

class runner {
public:
  runner(caf::actor_system& system, const json& trace)
    : system_(system),
      scheduler_(virtual_scheduler_of(system)),
      trace_(trace),
      options_(read_options(trace.value("supervisor", json::object()))),
      simple_(options_.strategy == strategy::simple_one_for_one) {}

  ~runner() {
    exit_high(supervisor_, caf::exit_reason::kill);
    scheduler_.run();
  }

  runner(const runner&) = delete;
  runner& operator=(const runner&) = delete;

  json run() {
    json result{{"start", "ok"}, {"steps", json::array()}};
    if (auto problem = start()) {
      result["start"] = json{{"error", *problem}};
      return result;
    }
    for (const auto& op : trace_.value("ops", json::array()))
      result["steps"].push_back(step(op));
    return result;
  }

private:
  /// @returns the flaw of a spec, or the id of the child that did not start.
  std::optional<std::string> start() {
    auto children = trace_.value("children", json::array());
    if (auto problem = check(options_))
      return std::string{name_of(problem->flaw)};
    if (simple_ && children.size() != 1)
      return "bad_start_spec";
    std::vector<child_spec> specs;
    for (const auto& x : children) {
      auto c = read_child(x, book_);
      if (auto flaw = c.flaw(options_))
        return flaw;
      for (const auto& other : specs)
        if (other.name == c.spec.name)
          return "duplicate_child_name";
      specs.push_back(std::move(c.spec));
    }
    auto sup = spawn_supervisor(system_, options_, std::move(specs));
    if (!sup)
      return explain(sup.error());
    supervisor_ = *sup;
    supervisor_->attach_functor([this](const caf::error& reason) {
      alive_ = false;
      failed_ = is(reason, errc::start_failed);
    });
    settle();
    if (failed_)
      return book_->last_failed;
    return std::nullopt;
  }

  /// Lets time pass while children are being stopped.
  void settle() {
    for (;;) {
      scheduler_.run();
      if (!alive_ || !stopping())
        return;
      fire_next_timer(scheduler_, caf::actor_clock::time_point::max());
    }
  }

  bool stopping() {
    if (exiting_)
      return true;
    auto list = list_children();
    return std::any_of(list.begin(), list.end(), [](const child_info& c) {
      return c.state == child_state::stopping;
    });
  }

  std::vector<child_info> list_children() {
    std::vector<child_info> result;
    ask<child_list>(which_children{},
                    [&](const child_list& x) { result = x.children; });
    scheduler_.run();
    return result;
  }

  /// Sends a request to the supervisor; `f` gets the answer in a later `run`.
  template <class T, class Request, class F>
  void ask(Request request, F f) {
    system_.spawn([this, request, f](caf::event_based_actor* self) {
      self->request(supervisor_, caf::infinite, request)
        .then([f](const T& x) { f(x); },
              [this](const caf::error& e) { reply_ = word_for(e); });
    });
  }

  std::string word_for(const caf::error& e) const {
    switch (code_of(e)) {
      case errc::not_found: return "not_found";
      case errc::child_running: return "running";
      case errc::child_restarting: return "restarting";
      case errc::already_present: return "already_present";
      case errc::already_started: return "already_started";
      case errc::start_failed: return "error";
      case errc::not_supported: return "simple_one_for_one";
      default: return "noproc";
    }
  }

  std::string name_for(const json& op) const {
    auto id = id_in(op);
    return simple_ ? id : name_of_id(id);
  }

  json step(const json& op) {
    auto what = op.value("op", std::string{});
    auto before = book_->ended.size();
    auto was_alive = alive_;
    reply_ = "ok";
    if (what == "advance")
      advance(time_of(std::max(whole(op, "ms", 0), std::int64_t{0})));
    else if (what == "exit")
      end_child(op);
    else if (what == "stop")
      stop();
    else if (!alive_)
      reply_ = "noproc";
    else
      request(what, op);
    settle();
    if (was_alive && !alive_)
      sort_dynamic(before);
    return status();
  }

  void request(const std::string& what, const json& op) {
    auto started = [this](const child_started& x) {
      reply_ = x.handle ? "ok" : "ignored";
    };
    auto done = [](const acknowledged&) {
    };
    if (what == "start_child") {
      hololoom::start_child message;
      if (!simple_) {
        auto c = read_child(op.value("child", json::object()), book_);
        if (auto flaw = c.flaw(options_)) {
          reply_ = *flaw;
          return;
        }
        message.spec = std::make_shared<const child_spec>(std::move(c.spec));
      }
      ask<child_started>(std::move(message), started);
    } else if (what == "terminate_child") {
      ask<acknowledged>(terminate_child{name_for(op)}, done);
    } else if (what == "restart_child") {
      ask<child_started>(restart_child{name_for(op)}, started);
    } else if (what == "delete_child") {
      ask<acknowledged>(delete_child{name_for(op)}, done);
    } else if (what == "which_children") {
      ask<child_list>(which_children{}, [this](const child_list& x) {
        reply_ = json::array();
        for (const auto& c : x.children)
          reply_.push_back({id_of(c), word_for(c), name_of(c.type)});
      });
    } else if (what == "count_children") {
      ask<child_counts>(count_children{}, [this](const child_counts& x) {
        reply_ = json{{"specs", x.specs},
                      {"active", x.active},
                      {"supervisors", x.supervisors},
                      {"workers", x.workers}};
      });
    }
  }

  void end_child(const json& op) {
    auto i = book_->running.find(id_in(op));
    if (alive_ && i != book_->running.end())
      caf::anon_send(i->second, leave{op.value("reason", "normal")});
  }

  void stop() {
    if (alive_)
      exit_high(supervisor_, caf::exit_reason::user_shutdown);
    exiting_ = alive_;
  }

  void advance(caf::timespan d) {
    using time_point = caf::actor_clock::time_point;
    auto& clock = scheduler_.clock();
    auto end = clock.now() + std::min(d, time_point::max() - clock.now());
    while (fire_next_timer(scheduler_, end))
      scheduler_.run();
    clock.advance_time(end - clock.now());
  }

  /// Children of a simple_one_for_one end in no fixed order: listed by number.
  void sort_dynamic(std::size_t first) {
    if (!simple_)
      return;
    auto begin = book_->ended.begin() + static_cast<std::ptrdiff_t>(first);
    begin = std::stable_partition(begin, book_->ended.end(),
                                  [](const ending& e) { return !e.told; });
    std::stable_sort(
      begin, book_->ended.end(), [](const ending& a, const ending& b) {
        return std::stoull(a.id.substr(1)) < std::stoull(b.id.substr(1));
      });
  }

  std::string id_of(const child_info& c) const {
    if (simple_)
      return c.name;
    std::string result;
    for (std::size_t i = 1; i < c.name.size(); ++i) {
      if (c.name[i] == '%') {
        result += c.name.compare(i, 3, "%25") == 0 ? '%' : '/';
        i += 2;
      } else {
        result += c.name[i];
      }
    }
    return result;
  }

  static std::string word_for(const child_info& c) {
    switch (c.state) {
      case child_state::stopped: return "undefined";
      case child_state::restarting: return "restarting";
      default: return "running";
    }
  }

  json status() {
    json result{{"reply", std::move(reply_)},
                {"alive", alive_},
                {"reason", nullptr},
                {"children", json::array()}};
    if (alive_) {
      for (const auto& c : list_children())
        result["children"].push_back({id_of(c), c.starts, word_for(c)});
      return result;
    }
    result["reason"] = "shutdown";
    result["ended"] = json::array();
    for (const auto& e : book_->ended)
      result["ended"].push_back({e.id, e.reason});
    return result;
  }

  caf::actor_system& system_;
  virtual_scheduler& scheduler_;
  const json& trace_;
  supervisor_options options_;
  bool simple_;
  std::shared_ptr<ledger> book_ = std::make_shared<ledger>();
  supervisor_actor supervisor_;
  bool alive_ = true;
  bool failed_ = false;
  bool exiting_ = false;
  json reply_;
};

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"Runs each trace of a supervisor, a line of JSON on standard "
               "input, on a virtual clock, and writes a line of JSON for it."};
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 64;
  }
  std::ios::sync_with_stdio(false);
  std::string line;
  while (std::getline(std::cin, line)) {
    auto trace = json::parse(line, nullptr, false);
    json result{{"start", {{"error", "invalid_json"}}},
                {"steps", json::array()}};
    if (trace.is_object()) {
      virtual_config config;
      caf::actor_system system{config};
      try {
        result = runner{system, trace}.run();
      } catch (const json::exception&) {
        // A value of a type that no trace has: the result stays as it is.
      }
    }
    std::cout << result.dump(-1, ' ', false, json::error_handler_t::replace)
              << '\n';
  }
  return 0;
}
