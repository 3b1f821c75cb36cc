#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Pieces of text for people. Pure functions.

namespace hololoom::cli {

/// 1234567 as "1,234,567".
std::string grouped(std::int64_t count);

/// `count` and the noun that fits: "1 file", "2 files".
std::string counted(std::int64_t count, std::string_view noun);

/// "512 B", "1.5 MB": powers of 1000.
std::string human_bytes(std::uint64_t bytes);

/// "0.8 ms", "12 ms", "3.4 s".
std::string human_ms(double ms);

/// `x` with `digits` digits after the point.
std::string fixed(double x, int digits);

/// Columns that `text` takes on a terminal: its code points.
std::size_t columns(std::string_view text);

/// `text` cut to `width` columns, with an ellipsis where it was cut; line ends
/// become spaces.
std::string clipped(std::string_view text, std::size_t width);

/// `text` broken at spaces so that no line is wider than `width`, with every
/// line but the first indented by `indent`. Keeps line ends. Width 0:
/// unchanged.
std::string wrapped(std::string_view text, std::size_t width,
                    std::size_t indent = 0);

/// Rows as a table with columns aligned: the first to the left, the others to
/// the right if `numeric`. Every row has as many cells as the first.
std::string table(const std::vector<std::vector<std::string>>& rows,
                  bool numeric = true);

/// `text` without the control characters that must not reach a terminal from a
/// file or a network: all but line end and tab.
std::string printable(std::string_view text);

} // namespace hololoom::cli
