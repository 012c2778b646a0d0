// The command line of `congto-central`: which command, with which options. CLI11 does the reading.
#include <csignal>
#include <exception>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include "agent/central/commands.hpp"
#include "agent/central/version.hpp"

namespace {

using namespace congto::central;

int main_or_throw(int argc, char** argv) {
  CLI::App app(
      "Congto's central side: takes what the agents publish into PostgreSQL and acknowledges what is safe "
      "there.",
      "congto-central");
  app.require_subcommand(1);
  std::string config, agent, site, reason;
  const auto add = [&](const char* name, const char* what) {
    auto* command = app.add_subcommand(name, what);
    command->add_option("--config", config, "else ./central.toml, else /etc/congto-central/central.toml");
    return command;
  };
  add("run", "a consumer: any number of them may run side by side");
  add("check", "check the configuration and the database");
  auto* enrol_command = add("enrol", "let an agent send, for one site");
  enrol_command->add_option("agent", agent, "its name: 3 to 64 of a-z, 0-9 and -")->required();
  enrol_command->add_option("site", site, "the site that it says it is at")->required();
  auto* remove_command = add("remove", "let an agent send no more; what it sent stays");
  remove_command->add_option("agent", agent, "its name")->required();
  remove_command->add_option("--reason", reason, "why its records end")->required();
  add("status", "the agents, and what is missing of them");
  app.add_subcommand("version", "print the version");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? good : wrong_use;
  }
  if (app.got_subcommand("run")) return run(config);
  if (app.got_subcommand("check")) return check(config);
  if (app.got_subcommand("enrol")) return enrol(config, agent, site);
  if (app.got_subcommand("remove")) return remove(config, agent, reason);
  if (app.got_subcommand("status")) return status(config);
  std::cout << "congto-central " << version << "\n";
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed socket or pipe is an error code where it is written, not an end
  try {
    const int status = main_or_throw(argc, argv);
    if (std::cout.flush()) return status;
    std::cerr << "congto-central: the output could not be written\n";
    return failed;
  } catch (const std::exception& broken) {
    std::cerr << "congto-central: " << broken.what() << "\n";
    return failed;
  }
}
