#include <hololoom/actors/reflection/transfer/episode_files.hpp>
#include <hololoom/messages/json/nearest.hpp>
#include <hololoom/runtime/cli/commands/commands.hpp>

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>

namespace hololoom::cli {

namespace {

/// What the command line asked for.
using job = std::function<int(context)>;

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
       + "  130  ended in order after SIGINT; 143 after SIGTERM\n"
         "  141  the reader of standard output went away";
}

std::string example(std::string_view lines) {
  return "Example:\n  " + std::string{lines};
}

/// For commands that share the options of the one above them.
std::string shared_options(const std::string& command) {
  return "The options of " + command
       + " (--data, --config, --json) work here too.\n";
}

void add_loom_options(CLI::App& command, loom_options& options) {
  command
    .add_option("--data", options.data,
                "Data directory [$XDG_DATA_HOME/hololoom]")
    ->type_name("DIR");
  command.add_option("--config", options.config, "Config file")
    ->type_name("FILE");
  command.add_flag("--json", options.json, "Print JSON for machines");
}

/// Declares a command whose options are an `Options` and that runs `run`.
template <class Options>
std::pair<CLI::App*, std::shared_ptr<Options>>
add_command(CLI::App& parent, job& chosen, const std::string& name,
            const std::string& what, int (*run)(const Options&, context)) {
  auto* command = parent.add_subcommand(name, what);
  auto options = std::make_shared<Options>();
  command->callback([&chosen, options, run, command] {
    if (command->get_subcommands().empty())
      chosen = [options, run](context ctx) {
        return run(*options, ctx);
      };
  });
  return {command, options};
}

void add_remember(CLI::App& app, job& chosen) {
  auto [command, options] =
    add_command(app, chosen, "remember",
                "Read text files and folders into memory", &run_remember);
  add_loom_options(*command, *options);
  command->add_option("PATH", options->paths, "Files and folders")->required();
  command->footer(example("hololoom remember ~/notes /usr/share/doc/debian"));
}

void add_weave(CLI::App& app, job& chosen) {
  auto [command, options] =
    add_command(app, chosen, "weave", "Answer a question", &run_weave);
  add_loom_options(*command, *options);
  command->add_option("QUERY", options->query, "The question")->required();
  command
    ->add_option("--from", options->from,
                 "Read this file or folder first. Without --data, nothing is "
                 "kept")
    ->type_name("PATH")
    ->expected(1)
    ->take_all();
  command->add_option("--card", options->card, "How much work to do for it")
    ->check(CLI::IsMember({"bare", "fast", "fused", "auto"}))
    ->type_name("CARD");
  command
    ->add_option("--deadline-ms", options->deadline_ms,
                 "Answer with what there is by then")
    ->check(CLI::Range(1.0, 3'600'000.0).description(""))
    ->type_name("MS");
  command->footer(example("hololoom weave \"How are Debian packages licensed?\""
                          "\n  hololoom weave --from notes.md \"What is due?\""
                          "\n  hololoom weave \"what is 12 * (3 + 4)\""));
}

void add_reflect(CLI::App& app, job& chosen) {
  auto [command, options] = add_command(
    app, chosen, "reflect", "Say how good an answer was", &run_reflect);
  add_loom_options(*command, *options);
  command->add_option("ID", options->id, "The id that weave printed")
    ->required();
  auto helpful = [options = options](std::int64_t) {
    options->helpful = true;
  };
  auto not_helpful = [options = options](std::int64_t) {
    options->helpful = false;
  };
  auto* yes = command->add_flag_function("--helpful", helpful, "It helped");
  command->add_flag_function("--unhelpful", not_helpful, "It did not help")
    ->excludes(yes);
  command->add_option("--rating", options->rating, "From 1, bad, to 5, good")
    ->check(CLI::Range(1.0, 5.0).description(""))
    ->type_name("1..5");
  command->add_option("--comment", options->comment, "In words")
    ->type_name("TEXT");
  command->footer(example("hololoom reflect 5b1c... --helpful --rating 5"));
}

void add_episodes(CLI::App& app, job& chosen) {
  auto [command, shared] = add_command(
    app, chosen, "episodes", "What was said of answers: list, export, import",
    &run_episodes_list);
  add_loom_options(*command, *shared);
  command->fallthrough()->require_subcommand(0, 1);
  command->footer(example("hololoom episodes --json | head -n 3"));

  // The options stand on `episodes`; its commands share them.
  auto add = [&, command = command,
              shared = shared](const std::string& name, const std::string& what,
                               int (*run)(const episodes_options&, context)) {
    auto* nested = command->add_subcommand(name, what);
    nested->callback([&chosen, shared = shared, run] {
      chosen = [shared, run](context ctx) {
        return run(*shared, ctx);
      };
    });
    return nested;
  };
  add("list", "One line for each episode (JSON Lines with --json)",
      &run_episodes_list)
    ->footer(shared_options("episodes") + example("hololoom episodes list"));
  auto* exporting =
    add("export", "Write each episode as a JSON file", &run_episodes_export);
  exporting->add_option("DIR", shared->where, "Where to")->required();
  exporting->footer(shared_options("episodes")
                    + example("hololoom episodes export backup/"));
  auto* importing = add("import", "Store episodes from JSON files or lines",
                        &run_episodes_import);
  importing
    ->add_option("DIR", shared->where,
                 "A folder of JSON files, or - for JSON Lines from standard "
                 "input, each answered by a line. A file or line may have up "
                 "to "
                   + std::to_string(longest_import >> 20) + " MiB")
    ->required();
  importing->footer(shared_options("episodes")
                    + example("hololoom episodes import backup/\n"
                              "  hololoom episodes import - < episodes.jsonl"));
}

void add_metrics(CLI::App& app, job& chosen) {
  auto [command, options] = add_command(
    app, chosen, "metrics", "What was learned so far", &run_metrics);
  add_loom_options(*command, *options);
  command->footer(example("hololoom metrics"));
}

void add_repair(CLI::App& app, job& chosen) {
  auto [command, options] = add_command(
    app, chosen, "repair",
    "Check the journal, and recover what can be read of a damaged one",
    &run_repair);
  add_loom_options(*command, *options);
  command->footer(example("hololoom repair --data ~/.local/share/hololoom"));
}

void add_config(CLI::App& app, job& chosen) {
  auto [command, options] =
    add_command(app, chosen, "config", "Print a config with every key, as JSON",
                &run_config);
  command->add_option("WHICH", options->which,
                      "bare, fast or fused [fused], or a config file");
  command->require_subcommand(0, 1);
  command->footer(example("hololoom config fast > my.json\n"
                          "  hololoom config check my.json"));
  auto [check, file] =
    add_command(*command, chosen, "check", "Say whether a file is a config",
                &run_config_check);
  check->add_option("FILE", file->which, "The file")->required();
  check->footer(example("hololoom config check my.json"));
}

void add_commands(CLI::App& app, job& chosen) {
  add_remember(app, chosen);
  add_weave(app, chosen);
  add_reflect(app, chosen);
  add_episodes(app, chosen);
  add_metrics(app, chosen);
  add_repair(app, chosen);
  add_config(app, chosen);
}

/// The word that stands where a command should, if it is none.
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

int run(int argc, const char* const* argv, signal_watch& signals) {
  console out;
  job chosen;
  CLI::App app{about, "hololoom"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "hololoom " HOLOLOOM_VERSION);
  app.footer("hololoom COMMAND --help says more, with an example.\n\n"
             + exit_codes_text());
  add_commands(app, chosen);
  try {
    app.parse(argc, argv);
    return out.code(chosen(context{out, &signals}));
  } catch (const CLI::CallForHelp&) {
    out.result(app.help());
  } catch (const CLI::CallForVersion& e) {
    out.result(std::string{e.what()} + "\n");
  } catch (const CLI::ParseError& e) {
    return fail_usage(app, argc, argv, e.what(), out);
  } catch (const std::exception& e) {
    return out.fail(exit_code::internal, e.what());
  }
  return out.code(0);
}

} // namespace hololoom::cli
