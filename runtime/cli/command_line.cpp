#include <hololoom/messages/json/nearest.hpp>
#include <hololoom/runtime/cli/command_line.hpp>
#include <hololoom/runtime/cli/commands/commands.hpp>
#include <hololoom/runtime/signals.hpp>

#include <string>
#include <system_error>
#include <vector>

namespace hololoom::cli {

namespace {

constexpr auto about =
  "Answers questions from a memory of text, learns from what you say of the\n"
  "answers, and shuts down in order.";

std::string exit_codes_text() {
  std::string text = "Exit codes:\n";
  for (const auto& [code, meaning] : exit_code_meanings()) {
    auto number = std::to_string(static_cast<int>(code));
    text += "  " + number + std::string(5 - number.size(), ' ')
          + std::string{meaning} + "\n";
  }
  return text
       + "  129  ended in order after SIGHUP; 130 after SIGINT; 143 after "
         "SIGTERM\n"
         "  141  the reader of standard output went away";
}

/// The first argument, if it stands where a command should and is none.
std::string unknown_command(const CLI::App& app, int argc,
                            const char* const* argv) {
  if (argc < 2 || argv[1][0] == '-')
    return {};
  for (const auto* command : app.get_subcommands(nullptr))
    if (command->get_name() == argv[1])
      return {};
  return argv[1];
}

int fail_usage(const CLI::App& app, int argc, const char* const* argv,
               const std::string& problem, console& out) {
  auto word = unknown_command(app, argc, argv);
  if (word.empty())
    return out.fail(exit_code::usage, problem + "; see --help");
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands(nullptr))
    names.push_back(command->get_name());
  auto meant = nearest(word, names);
  return out.fail(
    exit_code::usage,
    "there is no command \"" + word + "\""
      + (meant.empty() ? "; see --help" : "; did you mean \"" + meant + "\"?"));
}

} // namespace

void add_loom_options(CLI::App& command, loom_options& options) {
  command
    .add_option("--data", options.data,
                "Data directory [$XDG_DATA_HOME/hololoom]")
    ->type_name("DIR");
  command.add_option("--config", options.config, "Config file")
    ->type_name("FILE");
  command.add_flag("--json", options.json, "Print JSON for machines");
}

std::string example(const std::string& lines) {
  return "Example:\n  " + lines;
}

int run(int argc, const char* const* argv) {
  console out;
  job chosen;
  CLI::App app{about, "hololoom"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "hololoom " HOLOLOOM_VERSION);
  app.footer("hololoom COMMAND --help says more, with an example.\n\n"
             + exit_codes_text());
  for (auto* add : commands)
    add(app, chosen);
  try {
    app.parse(argc, argv);
    signal_watch signals;
    return out.code(chosen(context{out, signals}));
  } catch (const CLI::CallForHelp&) {
    out.result(app.help());
  } catch (const CLI::CallForVersion& e) {
    out.result(std::string{e.what()} + "\n");
  } catch (const CLI::ParseError& e) {
    return fail_usage(app, argc, argv, e.what(), out);
  } catch (const std::system_error& e) {
    // The system refuses a thread or a descriptor.
    return out.fail(refused_by_system(e));
  } catch (const std::exception& e) {
    return out.fail(exit_code::internal, e.what());
  }
  return out.code(0);
}

} // namespace hololoom::cli
