#pragma once

#include <hololoom/messages/errc.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// Arithmetic in plain text.

namespace hololoom {

/// Longer expressions are refused; bytes.
inline constexpr std::size_t max_expression_length = 512;

/// Finds the longest arithmetic expression in `text`: numbers, + - * / ^ %,
/// parentheses, functions such as sqrt(2), the constants pi and e, signs such
/// as × and ÷, and words such as "plus", "times" and "divided by". An
/// expression has an operator or a function; a mere number is not one.
///
/// ~~~
/// find_expression("what is 12 * (3 + 4)?") == "12 * (3 + 4)"
/// find_expression("chapter 7") == std::nullopt
/// ~~~
std::optional<std::string> find_expression(std::string_view text);

/// Evaluates an expression as `find_expression` gives it. % is the remainder
/// (with the sign of the dividend), ^ is the power, log is the natural
/// logarithm.
/// @returns `errc::invalid_expression` with what is wrong: too long, malformed,
///          divided by zero, or without a finite value.
caf::expected<double> evaluate(const std::string& expression);

/// `x` in the shortest form that shows up to 12 digits: 84, 0.1, 1e+30.
std::string format_number(double x);

} // namespace hololoom
