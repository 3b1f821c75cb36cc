#pragma once

#include "reflection/repair/filled_journal.hpp"

#include <algorithm>

namespace hololoom::test {

inline std::unique_ptr<journal> opened(const journal_options& options) {
  auto result = journal::open(options);
  if (!result)
    FAIL(explain(result.error()));
  return std::move(*result);
}

/// Verifies at most `steps` rows and entries.
/// @returns how many it was.
inline int verify(journal& j, int steps = 1'000'000) {
  auto done = 0;
  while (done < steps && j.verify_some([&] { return done++ < steps; })) {
  }
  return std::min(done, steps);
}

inline void store(journal& j, const std::string& id) {
  auto x = rewarded("answer", 0.5);
  x.id = id;
  REQUIRE(!j.begin());
  REQUIRE(j.add(row_of(x, 1)));
  REQUIRE(!j.commit());
}

inline void flip(const std::filesystem::path& file, const std::string& text) {
  auto bytes = slurp(file);
  auto at = bytes.find(text);
  REQUIRE(at != std::string::npos);
  bytes[at] = static_cast<char>(bytes[at] ^ 4);
  spill(file, bytes);
}

/// Gives the journal another learned state, with a right checksum.
inline void overwrite_learned(const std::filesystem::path& file,
                              const learned_state& x) {
  auto db = sqlite::database::open(file.string(), {});
  REQUIRE(db);
  auto row = db->prepare(replace_learned);
  REQUIRE(row);
  auto text = json_text(x);
  bind_learned(*row, learned_kind::current, text);
  REQUIRE(!db->run(*row));
}

} // namespace hololoom::test
