#include <hololoom/actors/workers/coroutine/wake_service.hpp>
#include <hololoom/messages/caf/exit.hpp>
#include <hololoom/messages/caf/put.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/weak_intrusive_ptr.hpp>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace hololoom::detail {

struct wake_tick {};

} // namespace hololoom::detail

HOLOLOOM_LOCAL_MESSAGE(1600, hololoom::detail::wake_tick)

namespace hololoom::detail {

namespace {

/// A tick further ahead would only keep the timekeeper in memory.
constexpr auto longest_tick = std::chrono::seconds{1};

/// Sleepers woken in one tick, so that other actors get their turn.
constexpr std::size_t batch = 4096;

struct service_table {
  mutex mutex_;
  std::map<caf::actor_system*, std::weak_ptr<wake_service>>
    services HOLOLOOM_GUARDED_BY(mutex_);
};

service_table& table() {
  // Never destroyed: an abandoned worker may outlive `main`.
  static auto* instance = new service_table;
  return *instance;
}

} // namespace

/// Sends the wakes that are due. The service must end it: an actor without an
/// end is destroyed with its last reference, which may be a tick that CAF's
/// clock holds, and then its destructor waits in the clock's thread for the
/// clock itself.
class timekeeper : public caf::event_based_actor {
public:
  timekeeper(caf::actor_config& cfg, std::weak_ptr<wake_service> service)
    : caf::event_based_actor(cfg), service_(std::move(service)) {}

  caf::behavior make_behavior() override {
    return {[this](wake_tick) {
      if (auto service = service_.lock())
        tick(*service);
    }};
  }

  const char* name() const override { return "hololoom.timekeeper"; }

private:
  void tick(wake_service& service) {
    auto now = clock().now();
    due_.clear();
    auto next = wake_service::time_point::max();
    {
      lock_guard guard{service.mutex_};
      service.poked_ = false;
      collect(service, now);
      if (!service.schedule_.empty())
        next = std::min(service.schedule_.begin()->first, now + longest_tick);
      if (service.tick_at_ <= now)
        service.tick_at_ = wake_service::time_point::max();
      if (next >= service.tick_at_)
        next = wake_service::time_point::max();
      else
        service.tick_at_ = next;
    }
    for (auto& [target, op] : due_)
      put(target, caf::make_message(wake{op}), context());
    due_.clear();
    if (next <= now)
      send(this, wake_tick{});
    else if (next != wake_service::time_point::max())
      delayed_send(this, next - now, wake_tick{});
  }

  void collect(wake_service& service, wake_service::time_point now)
    HOLOLOOM_REQUIRES(service.mutex_) {
    auto& schedule = service.schedule_;
    while (!schedule.empty() && schedule.begin()->first <= now
           && due_.size() < batch) {
      // A worker in the schedule is not destroyed yet, because its destructor
      // waits for the lock; but it may have lost its last strong reference.
      auto [target, op, ticket] = schedule.begin()->second;
      if (auto strong = caf::weak_actor_ptr{target}.lock())
        due_.emplace_back(std::move(strong), op);
      ticket->spare_ = schedule.extract(schedule.begin());
      ticket->armed_ = false;
    }
  }

  std::weak_ptr<wake_service> service_;
  std::vector<std::pair<caf::strong_actor_ptr, std::uint64_t>> due_;
};

void wake_ticket::arm(caf::actor_control_block* target,
                      caf::actor_clock::time_point due, std::uint64_t op) {
  if (!service_)
    service_ = wake_service::of(*target->home_system);
  service_->arm(*this, due, {target, op, this});
}

void wake_ticket::disarm() noexcept {
  if (service_)
    service_->disarm(*this);
}

void wake_ticket::release() noexcept {
  disarm();
  service_ = nullptr;
}

std::shared_ptr<wake_service> wake_service::of(caf::actor_system& system) {
  auto& all = table();
  lock_guard guard{all.mutex_};
  auto& known = all.services[&system];
  auto service = known.lock();
  if (!service) {
    service = std::make_shared<wake_service>(system);
    known = service;
  }
  return service;
}

wake_service::wake_service(caf::actor_system& system) : system_(system) {}

wake_service::~wake_service() {
  if (timekeeper_)
    exit_high(timekeeper_, caf::exit_reason::user_shutdown);
  auto& all = table();
  lock_guard guard{all.mutex_};
  // A successor may have taken the place.
  if (auto i = all.services.find(&system_);
      i != all.services.end() && i->second.expired())
    all.services.erase(i);
}

std::size_t wake_service::size() const {
  lock_guard guard{mutex_};
  return schedule_.size();
}

void wake_service::arm(wake_ticket& ticket, time_point due, entry what) {
  caf::actor keeper;
  {
    lock_guard guard{mutex_};
    if (ticket.armed_)
      ticket.spare_ = schedule_.extract(ticket.place_);
    if (ticket.spare_) {
      ticket.spare_.key() = due;
      ticket.spare_.mapped() = what;
      ticket.place_ = schedule_.insert(std::move(ticket.spare_));
    } else {
      ticket.place_ = schedule_.emplace(due, what);
    }
    ticket.armed_ = true;
    // No message is needed if the next tick comes in time anyway.
    if (due >= tick_at_ || std::exchange(poked_, true))
      return;
    if (!timekeeper_)
      timekeeper_ = system_.spawn<timekeeper>(weak_from_this());
    keeper = timekeeper_;
  }
  caf::anon_send(keeper, wake_tick{});
}

void wake_service::disarm(wake_ticket& ticket) noexcept {
  lock_guard guard{mutex_};
  if (!ticket.armed_)
    return;
  ticket.spare_ = schedule_.extract(ticket.place_);
  ticket.armed_ = false;
}

} // namespace hololoom::detail
