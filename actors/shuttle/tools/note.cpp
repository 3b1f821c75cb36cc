#include <hololoom/actors/memory/text/hash.hpp>
#include <hololoom/actors/memory/text/text.hpp>
#include <hololoom/actors/shuttle/tools/tool.hpp>
#include <hololoom/actors/shuttle/weave/prior.hpp>
#include <hololoom/messages/json/value.hpp>

#include <array>
#include <cstdio>
#include <string>
#include <utility>

namespace hololoom {

namespace {

/// The same note gets the same id in every process, so that noting it twice
/// keeps one.
std::string id_of(std::string_view text) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "note-%016llx",
                static_cast<unsigned long long>(detail::fnv1a(text)));
  return buffer.data();
}

shard make_note(std::string_view text, timestamp at) {
  shard result;
  result.id = id_of(text);
  result.text = text;
  result.episode = "notes";
  result.entities = find_entities(text);
  result.metadata.set("kind", "note");
  result.metadata.set("time", to_iso8601(at));
  return result;
}

class note_tool final : public tool {
public:
  std::string_view name() const override { return "note"; }

  double cue(const query& asked, const features&) const override {
    return find_cues(asked.text).keeps ? 5.5 : -4.0;
  }

  bool has_side_effects() const override { return true; }

  caf::expected<tool_result> run(const tool_input& in) const override {
    auto text = text_to_keep(in.asked.text);
    if (text.empty())
      return failure(errc::invalid_query,
                     "there is nothing to note; write it after the command, as "
                     "in \"note that the demo is on Friday\"");
    auto note = make_note(text, in.at);
    tool_result result;
    result.response = "Noted: " + note.text;
    result.confidence = 1.0;
    result.sources = {note.id};
    result.details.set("id", note.id);
    tool_effect effect;
    effect.report = [text = note.text](const remember_ack& ack) {
      return (ack.added > 0 ? "Noted: " : "Noted before: ") + text;
    };
    effect.remember.shards.push_back(std::move(note));
    result.effect = std::move(effect);
    return result;
  }
};

} // namespace

tool_ptr make_note_tool() {
  return std::make_shared<note_tool>();
}

} // namespace hololoom
