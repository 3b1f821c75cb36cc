#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hololoom::detail {

/// The role of a piece of a query in arithmetic.
enum class piece_kind {
  number,
  name, ///< A constant.
  function,
  op,
  open,
  close,
  comma,
  other, ///< Not arithmetic.
};

/// A piece of a query, spelt as in an expression.
struct piece {
  piece_kind kind = piece_kind::other;
  std::string text;
  /// Whether white space precedes it.
  bool spaced = false;
};

/// Splits a query into pieces: numbers, with or without grouped thousands,
/// operators in any spelling ("×", "times"), names known to arithmetic, and the
/// rest.
std::vector<piece> cut_into_pieces(std::string_view text);

} // namespace hololoom::detail
