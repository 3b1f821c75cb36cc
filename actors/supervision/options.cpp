#include <hololoom/actors/supervision/options.hpp>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace hololoom {

namespace {

template <named_enum E>
bool listed_in(E x) {
  for (const auto& [value, name] : enumerators(x))
    if (value == x)
      return true;
  return false;
}

std::string in_ms(caf::timespan t) {
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(t);
  return std::to_string(ms.count()) + " ms";
}

spec_problem problem(spec_flaw flaw, std::string field, const std::string& who,
                     const std::string& sentence) {
  auto text = who + ": " + field + " " + sentence;
  return {flaw, std::move(field), std::move(text)};
}

std::optional<spec_problem> check_backoff(const backoff_policy& b,
                                          const std::string& who) {
  auto wrong = [&](std::string field, const char* sentence) {
    return problem(spec_flaw::invalid_backoff, std::move(field), who, sentence);
  };
  if (b.min.count() < 0)
    return wrong("backoff.min", "must not be negative");
  if (b.max < b.min)
    return wrong("backoff.max", "must not be less than backoff.min");
  // Not a number is refused as well.
  if (!(b.factor >= 1))
    return wrong("backoff.factor", "must be at least 1");
  if (!(b.jitter >= 0 && b.jitter <= 1))
    return wrong("backoff.jitter", "must be between 0 and 1");
  if (b.reset.count() < 0)
    return wrong("backoff.reset", "must not be negative");
  return std::nullopt;
}

/// Limits may be as long as the clock can tell.
caf::timespan sum_of(caf::timespan a, caf::timespan b) {
  return b < caf::timespan::max() - a ? a + b : caf::timespan::max();
}

std::optional<spec_problem> check_give_up(const child_spec& s,
                                          const supervisor_options& o,
                                          const std::string& who) {
  if (s.give_up_after && s.give_up_after->times < 0)
    return problem(spec_flaw::invalid_intensity, "give_up_after", who,
                   "must not be a negative number of restarts");
  if (s.give_up_after && s.give_up_after->period.count() <= 0)
    return problem(spec_flaw::invalid_period, "give_up_after", who,
                   "needs a period of more than zero");
  auto times = s.give_up_after ? s.give_up_after->times : o.intensity;
  if (s.backoff.on() && times == 0 && s.restart != restart_type::temporary)
    return problem(
      spec_flaw::bad_combination, "backoff", who,
      std::string{"has no restart to wait for: "}
        + (s.give_up_after ? "give_up_after" : "the supervisor's intensity")
        + " is 0; raise it, or leave the backoff out");
  return std::nullopt;
}

std::optional<spec_problem> check_shutdown(const child_spec& s,
                                           const std::string& who) {
  auto wrong = [&](std::string field, const char* sentence) {
    return problem(spec_flaw::invalid_shutdown, std::move(field), who,
                   sentence);
  };
  if (s.shutdown && s.shutdown->how > shutdown_policy::mode::infinity)
    return wrong("shutdown", "must be limit, brutal_kill or infinity");
  if (s.shutdown && s.shutdown->how == shutdown_policy::mode::limit
      && s.shutdown->limit.count() < 0)
    return wrong("shutdown", "must not be negative");
  if (s.stop_bound.count() < 0)
    return wrong("stop_bound", "must not be negative");
  return std::nullopt;
}

} // namespace

std::optional<spec_problem> check(const supervisor_options& o) {
  auto who = "supervisor '" + o.name + "'";
  if (!listed_in(o.strategy))
    return problem(spec_flaw::invalid_strategy, "strategy", who,
                   "must be one_for_one, one_for_all, rest_for_one or "
                   "simple_one_for_one");
  if (o.intensity < 0)
    return problem(spec_flaw::invalid_intensity, "intensity", who,
                   "must not be negative");
  if (o.period.count() <= 0)
    return problem(spec_flaw::invalid_period, "period", who,
                   "must be more than zero");
  if (!listed_in(o.auto_shutdown))
    return problem(spec_flaw::invalid_auto_shutdown, "auto_shutdown", who,
                   "must be never, any_significant or all_significant");
  if (o.name.empty())
    return problem(spec_flaw::invalid_name, "name", who, "is missing");
  if (o.name.find('/') != std::string::npos)
    return problem(spec_flaw::invalid_name, "name", who,
                   "must not contain '/'");
  if (!listed_in(o.stop_order))
    return problem(spec_flaw::invalid_stop_order, "stop_order", who,
                   "must be reverse or parallel");
  if (o.stop_limit.count() < 0)
    return problem(spec_flaw::invalid_stop_limit, "stop_limit", who,
                   "must not be negative");
  if (o.max_children < 0)
    return problem(spec_flaw::invalid_max_children, "max_children", who,
                   "must not be negative");
  if (o.kill_wait.count() <= 0)
    return problem(spec_flaw::invalid_stop_limit, "kill_wait", who,
                   "must be more than zero");
  return std::nullopt;
}

std::optional<spec_problem> check(const child_spec& s,
                                  const supervisor_options& o) {
  auto who = "child '" + s.name + "' of '" + o.name + "'";
  if (s.name.empty())
    return problem(spec_flaw::missing_id, "name", who, "is missing");
  if (s.name.find('/') != std::string::npos)
    return problem(spec_flaw::invalid_name, "name", who,
                   "must not contain '/'");
  if (!s.flaw.empty())
    return spec_problem{spec_flaw::bad_start_spec, "start",
                        who + ": " + s.flaw};
  if (!s.start)
    return problem(spec_flaw::bad_start_spec, "start", who,
                   "is missing: it needs a factory");
  if (!listed_in(s.restart))
    return problem(spec_flaw::invalid_restart_type, "restart", who,
                   "must be permanent, transient or temporary");
  if (s.significant && o.auto_shutdown == auto_shutdown::never)
    return problem(spec_flaw::bad_combination, "significant", who,
                   "is of no use while auto_shutdown is never");
  if (s.significant && s.restart == restart_type::permanent)
    return problem(spec_flaw::bad_combination, "significant", who,
                   "cannot be combined with restart permanent");
  if (!listed_in(s.type))
    return problem(spec_flaw::invalid_child_type, "type", who,
                   "must be worker or supervisor");
  if (auto p = check_shutdown(s, who))
    return p;
  if (s.start_limit.count() <= 0)
    return problem(spec_flaw::invalid_start_limit, "start_limit", who,
                   "must be more than zero");
  if (s.stuck.limit.count() < 0)
    return problem(spec_flaw::invalid_stuck, "stuck.limit", who,
                   "must not be negative");
  if (auto p = check_backoff(s.backoff, who))
    return p;
  return check_give_up(s, o, who);
}

std::optional<caf::timespan> stop_bound(const supervisor_options& options,
                                        std::span<const child_spec> children) {
  auto parallel = options.stop_order == stop_order::parallel
               || options.strategy == strategy::simple_one_for_one;
  caf::timespan sum{0};
  caf::timespan longest{0};
  for (const auto& c : children) {
    auto policy = c.effective_shutdown();
    auto takes = options.kill_wait;
    if (policy.how == shutdown_policy::mode::limit) {
      takes = sum_of(takes, policy.limit);
    } else if (policy.how == shutdown_policy::mode::infinity) {
      if (c.stop_bound.count() == 0)
        return std::nullopt;
      takes = c.stop_bound;
    }
    sum = sum_of(sum, takes);
    longest = std::max(longest, takes);
  }
  return parallel ? longest : sum;
}

std::optional<spec_problem> check(const supervisor_options& options,
                                  std::span<const child_spec> children) {
  if (auto p = check(options))
    return p;
  auto who = "supervisor '" + options.name + "'";
  if (options.strategy == strategy::simple_one_for_one && children.size() != 1)
    return problem(spec_flaw::bad_start_spec, "children", who,
                   "must be exactly one template, not "
                     + std::to_string(children.size()));
  if (options.max_children > 0
      && options.strategy != strategy::simple_one_for_one
      && std::ssize(children) > options.max_children)
    return problem(spec_flaw::invalid_max_children, "max_children", who,
                   "is less than the number of its children");
  std::unordered_set<std::string_view> names;
  for (const auto& c : children) {
    if (auto p = check(c, options))
      return p;
    if (!names.insert(c.name).second)
      return problem(spec_flaw::duplicate_child_name, "name", who,
                     "'" + c.name + "' is given to two children");
  }
  if (options.stop_limit.count() == 0)
    return std::nullopt;
  auto bound = stop_bound(options, children);
  if (!bound)
    return problem(spec_flaw::invalid_stop_limit, "stop_limit", who,
                   "cannot be kept: a child may take forever (shutdown "
                   "infinity)");
  // The wait for killed children comes after the limit.
  if (*bound > sum_of(options.stop_limit, options.kill_wait))
    return problem(spec_flaw::invalid_stop_limit, "stop_limit", who,
                   "of " + in_ms(options.stop_limit)
                     + " is too short: the children's limits add up to "
                     + in_ms(*bound));
  return std::nullopt;
}

} // namespace hololoom
