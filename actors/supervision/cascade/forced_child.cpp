#include <hololoom/actors/supervision/cascade/forced_child.hpp>
#include <hololoom/messages/caf/exit.hpp>

namespace hololoom {

bool forced_child::look() {
  stage before = what;
  if (before == stage::killed) {
    auto down = is_down(who.handle);
    if (!lives(who))
      what = stage::down;
    else
      outlived = down;
  } else if (supervision::awaits_drain(who.probe)) {
    what = stage::excused;
  } else if (!lives(who)) {
    what = hung ? stage::down : stage::ended;
  } else {
    if (auto text = describe_work(who))
      doing = std::move(*text);
    supervision::force_probe(who.probe);
    kill();
    what = stage::killed;
  }
  return what != before;
}

void forced_child::kill() const {
  exit_high(who.handle, caf::make_error(caf::exit_reason::kill));
}

std::optional<child_fate> forced_child::fate(bool probes_hang) const {
  switch (what.load()) {
    case stage::excused: return std::nullopt;
    case stage::ended: {
      auto reason = exit_reason_of(who.handle);
      // Others know of one that was not claimed.
      if (!reason || !who.claimed)
        return std::nullopt;
      return child_fate{fate_of(*reason), false, nothing, failure_of(*reason)};
    }
    case stage::down: return child_fate{ended::killed, true, doing};
    case stage::killed:
      if (is_down(who.handle) && !outlived && !probes_hang)
        return child_fate{ended::killed, true, doing};
      return left(doing);
    case stage::unknown: break;
  }
  if (hung)
    return child_fate{ended::abandoned, true,
                      std::string{"its probe does not return"}};
  // It may be at something, and there was no thread to ask.
  if (probes_hang)
    return child_fate{ended::abandoned, true, nothing};
  return left(nothing);
}

/// One that would show what it is at, and shows nothing, is at nothing.
child_fate forced_child::left(maybe<std::string> at) const {
  auto waits = !at && shows_work(who);
  return {waits ? ended::no_turn : ended::abandoned, true, std::move(at)};
}

} // namespace hololoom
