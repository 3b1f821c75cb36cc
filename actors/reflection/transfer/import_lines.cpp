#include <hololoom/actors/reflection/transfer/episode_files.hpp>
#include <hololoom/actors/reflection/transfer/import_pipeline.hpp>
#include <hololoom/messages/json/read.hpp>
#include <hololoom/messages/sync.hpp>
#include <hololoom/messages/uuid.hpp>

#include <istream>
#include <ostream>
#include <streambuf>
#include <utility>

namespace hololoom {

namespace {

/// Refuses an outcome that teaches nothing.
caf::error check_outcome(const spacetime& x) {
  if (x.tool_used.empty())
    return failure(errc::invalid_json, "tool_used: must not be empty");
  if (!(x.confidence >= 0.0 && x.confidence <= 1.0))
    return failure(errc::invalid_json, "confidence: expected a number in 0..1");
  return {};
}

/// Parses a line: an exported episode, or the few keys that a weave made
/// elsewhere needs.
/// @param found_id set to the line's id if it has one, even after an error.
caf::expected<import_pipeline::request> parse_line(const std::string& line,
                                                   std::string& found_id) {
  auto value = parse_json(line);
  if (!value)
    return std::move(value.error());
  if (value->is_array())
    return failure(errc::invalid_json,
                   "expected an object, and this is an array: `jq -c '.[]'` "
                   "makes a line of each of its elements");
  if (!value->is_object())
    return failure(errc::invalid_json, "expected an object");
  if (auto id = value->find("id"); id != value->end() && id->is_string())
    found_id = id->get<std::string>();
  if (value->contains("spacetime")) {
    import_request result;
    if (auto err = from_json_value(*value, result.made))
      return err;
    if (result.made.at == timestamp{})
      result.made.at = now();
    return import_pipeline::request{std::move(result)};
  }
  reflect_request result;
  auto made_at = now();
  auto id = value->find("id");
  if (id != value->end()) {
    if (auto err = from_json_value(*id, result.episode_id, "id"))
      return err;
    value->erase(id);
  }
  if (!value->contains("trace"))
    (*value)["trace"] = {{"start_time", to_iso8601(made_at)},
                         {"end_time", to_iso8601(made_at)},
                         {"duration_ms", 0.0}};
  if (auto err = from_json_value(*value, result.woven))
    return err;
  if (auto err = check_outcome(result.woven))
    return err;
  if (result.woven.created_at == timestamp{})
    result.woven.created_at = made_at;
  auto read = [&](const char* key, auto& to) {
    auto x = value->find(key);
    return x == value->end() ? caf::error{} : from_json_value(*x, to, key);
  };
  if (auto err = read("feedback", result.said))
    return err;
  if (auto err = read("reward", result.reward))
    return err;
  return import_pipeline::request{std::move(result)};
}

/// What the whole input looks like whose first line is `line` and could not be
/// read, if not like lines of JSON; else nothing.
std::string_view form_of(std::string_view line) {
  constexpr std::string_view blanks = " \t\r";
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (line.starts_with(byte_order_mark))
    line.remove_prefix(byte_order_mark.size());
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  if (line.empty())
    return {};
  line = line.substr(0, line.find_last_not_of(blanks) + 1);
  if (line.starts_with("\xff\xfe") || line.starts_with("\xfe\xff")
      || line.substr(0, 4).find('\0') != std::string_view::npos)
    return "UTF-16 or UTF-32; `iconv -t UTF-8` converts it";
  auto last = line.back();
  auto ends_inside = last == '{' || last == '[' || last == ':' || last == ',';
  if (line.front() == '[' && ends_inside)
    return "a JSON array over several lines; `jq -c '.[]'` makes a line of "
           "each of its elements";
  if (line.front() != '{' || !ends_inside)
    return {};
  return parse_json(line.substr(0, line.size() - 1))
         ? "the elements of a JSON array; no comma may follow a line's object"
         : "a JSON object over several lines; `jq -c .` makes a line of it";
}

caf::error not_lines(std::string_view form) {
  return failure(errc::invalid_json,
                 "an import reads a JSON object a line, and this looks like "
                   + std::string{form} + "; nothing was imported");
}

/// The episode id of a request, made here if it has none.
std::string ensure_id(import_pipeline::request& x) {
  auto& id = std::holds_alternative<import_request>(x)
             ? std::get<import_request>(x).made.id
             : std::get<reflect_request>(x).episode_id;
  if (id.empty())
    id = make_uuid();
  return id;
}

/// Reads lines. Skips the rest of a line that is too long, which could not be
/// stored anyway, so that it is never in memory as a whole.
class line_reader {
public:
  line_reader(std::istream& in, const std::stop_token& stop)
    : from_(*in.rdbuf()), stop_(stop) {}

  /// @returns false at the end, or once a stop was requested.
  bool next() {
    using traits = std::streambuf::traits_type;
    line_.clear();
    too_long_ = false;
    auto c = from_.sbumpc();
    if (traits::eq_int_type(c, traits::eof()))
      return false;
    for (; !traits::eq_int_type(c, traits::eof()); c = from_.sbumpc()) {
      if (c == '\n')
        break;
      if (line_.size() < longest_import)
        line_ += traits::to_char_type(c);
      else
        too_long_ = true;
    }
    ++number_;
    return !stop_.stop_requested();
  }

  bool is_blank() const {
    return !too_long_ && line_.find_first_not_of(" \t\r") == std::string::npos;
  }

  bool too_long() const { return too_long_; }
  const std::string& line() const { return line_; }
  std::int64_t number() const { return number_; }

private:
  std::streambuf& from_;
  const std::stop_token& stop_;
  std::string line_;
  bool too_long_ = false;
  std::int64_t number_ = 0;
};

/// Writes the answers to lines, one at a time.
class answers_out {
public:
  explicit answers_out(std::ostream& out) : out_(out) {}

  void stored(const reflect_ack& ack) {
    auto line = json{{"id", ack.episode_id},
                     {"durable", ack.durable},
                     {"duplicate", ack.duplicate}};
    if (!ack.durable)
      line["error"] = "there is no data directory: it is kept in memory only";
    lock_guard guard{mutex_};
    out_ << to_text(line) << std::endl;
    ++report_.stored;
    report_.duplicates += ack.duplicate ? 1 : 0;
  }

  void failed(const std::string& id, std::int64_t line_number,
              const caf::error& why) {
    auto sentence = "line " + std::to_string(line_number) + ": " + explain(why);
    auto line = json{{"id", id}, {"durable", false}, {"error", sentence}};
    lock_guard guard{mutex_};
    out_ << to_text(line) << std::endl;
    report_.failed.push_back(std::move(sentence));
  }

  import_report report() {
    lock_guard guard{mutex_};
    return std::move(report_);
  }

private:
  mutex mutex_;
  std::ostream& out_ HOLOLOOM_GUARDED_BY(mutex_);
  import_report report_ HOLOLOOM_GUARDED_BY(mutex_);
};

} // namespace

import_report import_lines(caf::actor_system& system, buffer_lookup find,
                           std::istream& in, std::ostream& out,
                           std::size_t most_in_flight,
                           const std::stop_token& stop) {
  answers_out answers{out};
  {
    import_pipeline pipeline{system, std::move(find), most_in_flight,
                             import_pipeline::usual_patience, stop};
    line_reader lines{in, stop};
    auto store = [&](import_pipeline::request x) {
      auto answer = [&answers, id = ensure_id(x), number = lines.number()](
                      const caf::expected<reflect_ack>& ack) {
        ack ? answers.stored(*ack) : answers.failed(id, number, ack.error());
      };
      pipeline.store(std::move(x), std::move(answer), lines.line().size());
    };
    auto first = true;
    while (lines.next()) {
      if (lines.is_blank())
        continue;
      auto is_first = std::exchange(first, false);
      std::string found_id;
      auto request = lines.too_long() ? too_long_to_import()
                                      : parse_line(lines.line(), found_id);
      if (request) {
        store(std::move(*request));
        continue;
      }
      auto form = is_first && !lines.too_long() ? form_of(lines.line())
                                                : std::string_view{};
      answers.failed(found_id, lines.number(),
                     form.empty() ? request.error() : not_lines(form));
      if (!form.empty())
        break;
    }
  }
  return answers.report();
}

} // namespace hololoom
