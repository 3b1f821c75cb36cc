#include <hololoom/messages/json/known_keys.hpp>
#include <hololoom/messages/json/read.hpp>
#include <hololoom/runtime/config.hpp>
#include <hololoom/runtime/config_lines.hpp>

#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace hololoom {

namespace {

config named_preset(std::string name) {
  config result;
  result.weave.card = name;
  result.preset = std::move(name);
  return result;
}

caf::error invalid(std::string sentence) {
  return failure(errc::invalid_config, std::move(sentence));
}

caf::error unknown_preset(const std::string& written) {
  return invalid("preset is " + written
                 + R"(; expected "bare", "fast" or "fused")");
}

caf::expected<config> defaults_for(const json& value) {
  auto i = value.find("preset");
  if (i == value.end())
    return config::fused();
  if (i->is_string())
    if (auto known = config::named(i->get_ref<const std::string&>()))
      return std::move(*known);
  return unknown_preset(to_text(*i));
}

/// `err` with the line of the key that its sentence begins with, or quotes.
caf::error with_line(const caf::error& err, std::string_view text) {
  constexpr std::string_view unknown = "unknown key \"";
  auto sentence = explain(err);
  auto begin = sentence.starts_with(unknown) ? unknown.size() : 0;
  auto end = sentence.find_first_of(" :\"[", begin);
  auto lines = lines_of_keys(text);
  auto i = lines.find(sentence.substr(begin, end - begin));
  if (i == lines.end())
    return err;
  return invalid("line " + std::to_string(i->second) + ": " + sentence);
}

caf::error check(std::string_view key, const restart_limits& x) {
  if (x.give_up_after < 0)
    return invalid(std::string{key} + ".give_up_after is "
                   + std::to_string(x.give_up_after) + "; expected 0 or more");
  if (!(x.give_up_period > millis{0}))
    return invalid(std::string{key} + ".give_up_period_ms is "
                   + std::to_string(x.give_up_period.count())
                   + "; expected more than 0");
  return {};
}

/// Durations are neither negative nor endless.
caf::error check_duration(std::string_view key, millis value, millis most) {
  if (value >= millis{0} && value <= most)
    return {};
  return invalid("shutdown." + std::string{key} + " is "
                 + std::to_string(value.count()) + "; expected 0 to "
                 + std::to_string(static_cast<std::int64_t>(most.count()))
                 + " milliseconds");
}

} // namespace

config config::bare() {
  auto result = named_preset("bare");
  result.weave.scales = {96};
  return result;
}

config config::fast() {
  auto result = named_preset("fast");
  result.weave.scales = {96, 192};
  return result;
}

config config::fused() {
  return named_preset("fused");
}

maybe<config> config::named(std::string_view name) {
  if (name == "bare")
    return bare();
  if (name == "fast")
    return fast();
  if (name == "fused")
    return fused();
  return nothing;
}

caf::expected<config> config::parse(std::string_view text) {
  json value;
  try {
    value = json::parse(text, nullptr, true, true);
  } catch (const json::parse_error& e) {
    return invalid("not JSON at " + line_and_column(text, e.byte));
  } catch (const json::exception&) {
    return invalid("it has a number that no floating point number can hold");
  }
  if (!value.is_object())
    return invalid("a config is a JSON object");
  if (auto err = refuse_unknown_keys<config>(value))
    return with_line(err, text);
  auto result = defaults_for(value);
  if (!result)
    return with_line(result.error(), text);
  if (auto err = from_json_value(value, *result))
    return with_line(invalid(explain(err)), text);
  if (auto err = check(*result))
    return with_line(err, text);
  return result;
}

caf::expected<config> config::load(const std::filesystem::path& file) {
  std::error_code ec;
  if (!std::filesystem::exists(file, ec))
    return failure(errc::not_found,
                   "there is no config file \"" + file.string() + "\"");
  std::ifstream in{file, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in.good() && !in.eof())
    return failure(errc::io_error,
                   "cannot read the config file \"" + file.string() + "\"");
  auto result = parse(text);
  if (!result)
    return failure(code_of(result.error()),
                   file.string() + ": " + explain(result.error()));
  return result;
}

caf::error check(const config& cfg) {
  using namespace std::chrono_literals;
  if (!config::named(cfg.preset))
    return unknown_preset("\"" + cfg.preset + "\"");
  if (cfg.threads < 0 || cfg.threads > 1024)
    return invalid("threads is " + std::to_string(cfg.threads)
                   + "; expected 0 to 1024");
  if (auto err = check("workers", cfg.workers))
    return err;
  if (auto err = check("parts", cfg.parts))
    return err;
  const auto& down = cfg.shutdown;
  if (auto err = check_duration("grace_ms", down.grace, 10min))
    return err;
  if (auto err = check_duration("flush_stall_ms", down.flush_stall, 1h))
    return err;
  if (auto err = check_duration("store_limit_ms", down.store_limit, 10min))
    return err;
  if (auto err = check_duration("kill_wait_ms", down.kill_wait, 1min))
    return err;
  if (auto err = check(cfg.weave))
    return err;
  return check(cfg.reflection);
}

} // namespace hololoom
