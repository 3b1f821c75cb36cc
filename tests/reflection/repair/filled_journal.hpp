#pragma once

#include "reflection/make.hpp"
#include "support/catch.hpp"

#include <hololoom/messages/json/write.hpp>

#include <map>
#include <memory>
#include <string>

namespace hololoom::test {

/// A journal with episodes of at least `length` bytes, and a spacetime for
/// each.
inline std::unique_ptr<journal> filled(const scratch_directory& dir,
                                       int episodes, std::size_t length = 0) {
  auto j = std::move(*journal::open({dir.journal()}));
  REQUIRE(!j->verify());
  for (auto i = 0; i < episodes; ++i) {
    auto x = rewarded(i % 3 ? "answer" : "calc", 0.01 * (i % 100));
    x.id = "episode-" + std::to_string(i);
    x.woven.response.append(length, 'x');
    REQUIRE(!j->begin());
    REQUIRE(j->add(row_of(x, 1)));
    REQUIRE(
      !j->add_spacetime("weave-" + std::to_string(i), json_text(x.woven)));
    REQUIRE(!j->commit());
  }
  return j;
}

/// All bodies and the learned state of a journal, or why it cannot be read.
inline caf::expected<std::map<std::string, std::string>>
contents(const std::filesystem::path& file) {
  auto j = journal::open({file});
  if (!j)
    return std::move(j.error());
  if (auto err = (*j)->verify())
    return err;
  auto rows = (*j)->read(0, 100'000);
  if (!rows)
    return std::move(rows.error());
  std::map<std::string, std::string> result;
  for (auto& row : *rows)
    result[row.id] = row.body;
  result["learned"] = json_text((*j)->learned());
  return result;
}

} // namespace hololoom::test
