// The headers of the installation's top, together, and what they declare.
#include <hololoom/hololoom.hpp>
#include <hololoom/json.hpp>
#include <hololoom/testing.hpp>

#include <iostream>

int main() {
  auto loom = hololoom::loom::open(hololoom::config::bare());
  if (!loom)
    return std::cerr << hololoom::explain(loom.error()) << '\n', 1;
  auto report = loom->close();
  std::cout << hololoom::to_text(hololoom::to_json_value(report)) << '\n';
  return report.exit_code;
}
