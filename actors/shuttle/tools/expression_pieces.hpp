#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hololoom::detail {

/// What a piece of a query is in arithmetic.
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

/// A piece of the query: its form in an expression, and its kind.
struct piece {
  piece_kind kind = piece_kind::other;
  std::string text;
  /// Whether white space stood before it.
  bool spaced = false;
};

/// Cuts a query into pieces: numbers with their thousands grouped, operators in
/// any spelling ("×", "times"), names that arithmetic knows, and the rest.
std::vector<piece> cut_into_pieces(std::string_view text);

} // namespace hololoom::detail
