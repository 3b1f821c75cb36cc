#include "support/catch.hpp"

#include <hololoom/messages/uuid.hpp>

#include <set>
#include <string>

using namespace hololoom;

TEST_CASE("a uuid has the form of version 7") {
  auto id = make_uuid();
  REQUIRE(id.size() == 36);
  for (auto place : {8, 13, 18, 23})
    CHECK(id[static_cast<std::size_t>(place)] == '-');
  CHECK(id[14] == '7');
  CHECK(std::string{"89ab"}.find(id[19]) != std::string::npos);
}

TEST_CASE("uuids differ") {
  std::set<std::string> seen;
  for (auto i = 0; i < 10'000; ++i)
    seen.insert(make_uuid());
  CHECK(seen.size() == 10'000);
}
