#include "support/catch.hpp"

#include <hololoom/messages/errc.hpp>

#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>

using namespace hololoom;

TEST_CASE("an error of CAF's own is explained by a sentence", "[core]") {
  auto said = [](auto code) {
    return explain(caf::make_error(code));
  };
  CHECK(said(caf::sec::request_timeout)
        == "no answer came within the time given");
  CHECK(said(caf::sec::request_receiver_down)
        == "the actor that had the request is gone");
  CHECK(said(caf::sec::unexpected_message)
        == "the actor takes no message of that type");
  CHECK(said(caf::exit_reason::kill) == "the actor was killed");
  CHECK(said(caf::exit_reason::unhandled_exception)
        == "an exception left a handler of the actor");
  // The others still say what they are.
  CHECK(said(caf::sec::invalid_argument).find("20") != std::string::npos);
}

TEST_CASE("an error of ours is explained by its own sentence", "[core]") {
  CHECK(explain(failure(errc::io_error, "no disk")) == "no disk");
  CHECK(explain(caf::make_error(errc::io_error)) == "io_error");
  CHECK(explain({}) == "no error");
}
