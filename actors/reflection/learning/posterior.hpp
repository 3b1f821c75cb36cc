#pragma once

#include <hololoom/messages/episode.hpp>

#include <map>
#include <string>

namespace hololoom {

/// Counts one outcome of a tool: alpha grows by `reward`, beta by the rest to
/// one. Counted so, Beta(alpha, beta) is what Bernoulli trials that succeed
/// with chance `reward` would leave on average.
void count(tool_posterior& x, double reward, bool success);

/// Lets evidence fade: what is beyond the prior Beta(1, 1) is multiplied by
/// `discount`, in (0, 1].
void fade(tool_posterior& x, double discount);

/// Counts one outcome of `tool`, after every tool's evidence has faded.
void count(std::map<std::string, tool_posterior>& tools,
           const std::string& tool, double reward, bool success,
           double discount);

} // namespace hololoom
