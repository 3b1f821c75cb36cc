#pragma once

#include <hololoom/messages/episode.hpp>

#include <map>
#include <string>

namespace hololoom {

/// Counts one outcome of a tool: alpha grows by `reward`, beta by `1 - reward`.
/// Beta(alpha, beta) is then the average posterior of Bernoulli trials that
/// succeed with probability `reward`.
void count(tool_posterior& x, double reward, bool success);

/// Lets evidence fade: multiplies the evidence beyond the prior Beta(1, 1) by
/// `discount`, in (0, 1].
void fade(tool_posterior& x, double discount);

/// Lets every tool's evidence fade, then counts one outcome of `tool`.
void count(std::map<std::string, tool_posterior>& tools,
           const std::string& tool, double reward, bool success,
           double discount);

} // namespace hololoom
