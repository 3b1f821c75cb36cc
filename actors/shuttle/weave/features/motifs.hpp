#pragma once

#include <hololoom/messages/features.hpp>

#include <string_view>
#include <vector>

namespace hololoom {

/// The motifs of a text, spans in code points: whole-word matches of a fixed
/// list of keywords, in the order of the list and then of position (score 0.9),
/// and, with `structural`, figures of speech such as "cause→effect" for
/// "because" (score 0.7), in the order of their names and then of position.
/// @pre UTF-8
std::vector<motif> find_motifs(std::string_view text, bool structural);

/// Whether `text` begins with a question word ("how", "what") or contains a
/// question mark.
bool is_question(std::string_view text);

} // namespace hololoom
