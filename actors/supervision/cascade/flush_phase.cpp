#include <hololoom/actors/supervision/cascade/flush_phase.hpp>

#include <cstdint>
#include <utility>

namespace hololoom {

void flush_phase::begin() {
  if (!run_.plan.buffer)
    return run_.done();
  auto buffer = run_.plan.buffer();
  if (!buffer)
    return fail("the buffer does not run; what it acknowledged before is on "
                "disk");
  moved_ = run_.entered;
  run_.arm(run_.plan.limits.flush_stall);
  run_.self->request(buffer, caf::infinite, flush_request{true})
    .then(
      [this, epoch = run_.epoch()](const flush_ack& x) {
        if (!run_.awaits(epoch))
          return;
        auto& flush = run_.report.flush;
        flush.acknowledged = true;
        flush.episodes = x.episodes;
        flush.at = run_.since(run_.began);
        flush.took = run_.since(run_.entered);
        run_.done();
      },
      [this, epoch = run_.epoch()](const caf::error& err) {
        if (run_.awaits(epoch))
          fail(is(err, errc::crashed) || code_of(err) == errc::crashed
                 ? "the buffer went down during the flush"
                 : explain(err));
      });
}

void flush_phase::progress() {
  if (run_.phase == cascade_phase::flush)
    moved_ = run_.clock();
}

void flush_phase::limit_reached() {
  auto still = run_.since(moved_);
  if (still < run_.plan.limits.flush_stall)
    return run_.arm(run_.plan.limits.flush_stall - still);
  fail("the flush stood still for "
       + std::to_string(static_cast<std::int64_t>(still.count()))
       + " ms and was given up; what was acknowledged is on disk");
}

void flush_phase::fail(std::string why) {
  run_.report.flush.took = run_.since(run_.entered);
  run_.report.flush.error = why;
  run_.done(std::move(why));
}

} // namespace hololoom
