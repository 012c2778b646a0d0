// The command line of `congto`: which command, with which options. CLI11 does the reading.
#include <csignal>
#include <exception>
#include <filesystem>
#include <iostream>

#include <CLI/CLI.hpp>

#include "agent/app/commands.hpp"
#include "agent/app/version.hpp"

namespace {

using namespace congto::app;

// Profiles as shipped: ../share/congto/meters beside an installed binary, else the tree it was built from.
std::filesystem::path shipped_profiles() {
  std::error_code unreadable;
  const auto binary = std::filesystem::read_symlink("/proc/self/exe", unreadable);
  const auto installed = binary.parent_path().parent_path() / "share/congto/meters";
  if (!unreadable && std::filesystem::is_directory(installed)) return installed;
  for (auto folder = binary.parent_path(); !unreadable && folder.has_relative_path();
       folder = folder.parent_path()) {
    if (std::filesystem::is_directory(folder / "config/meters")) return folder / "config/meters";
  }
  return installed;
}

void add_site_options(CLI::App* command, SiteOptions& site) {
  command->add_option("--config", site.config, "the site file; else ./site.toml, else /etc/congto/site.toml");
  command->add_option("--state", site.state,
                      "the folder of journal and socket, instead of the site's `state`");
}

void add_read(CLI::App& app, ReadOptions& options) {
  auto* command = app.add_subcommand("read", "read one meter now, decoded as in production");
  add_site_options(command, options.site);
  command->add_option("meter", options.meter, "name of the meter in the site file");
  command->add_flag("--json", options.json, "one JSON object instead of a table");
  command->add_option("--serial", options.serial, "a serial device, without a site");
  command->add_option("--tcp", options.tcp, "host:port of a meter or gateway, without a site");
  command->add_option("--rtu-over-tcp", options.rtu_over_tcp,
                      "host:port of a serial converter, without a site");
  command->add_option("--baud", options.baud,
                      "with --serial; else as the profile says the meter leaves the factory");
  command->add_option("--parity", options.parity, "with --serial: none, even, odd");
  command->add_option("--stop-bits", options.stop_bits, "with --serial");
  command->add_option("--unit-id", options.unit_id, "without a site");
  command->add_option("--profile", options.profile,
                      "without a site: a shipped name or a path ending in .toml");
}

void add_simulate(CLI::App& app, SimulateOptions& options) {
  auto* command = app.add_subcommand("simulate", "serve a site's meters over TCP and ptys");
  command->add_option("file", options.file, "the site")->required();
  command->add_option("--dir", options.directory, "where ptys and the site with the real addresses go")
      ->required();
  command->add_option("--fault", options.faults, "METER=silent|late:MS|noise|exception:N|crc");
  command->add_flag("--strict", options.strict, "refuse whatever a picky meter would refuse");
  command->add_flag("--statistics", options.statistics, "print what the buses carried, as JSON, at the end");
  command->add_option("--speed", options.speed, "simulated seconds a second, for loads and counters");
  command->add_option("--turnaround", options.turnaround_ms, "ms from request to reply on serial lines");
  command->add_option("--adapter", options.adapter_ms, "ms by which a serial adapter hands over bytes");
}

int main_or_throw(int argc, char** argv) {
  CLI::App app("Congto polls Modbus meters, keeps every reading in a journal and publishes over MQTT.",
               "congto");
  app.require_subcommand(1);
  SiteOptions site;
  ReadOptions read_options;
  SimulateOptions simulate_options;
  bool as_json = false;
  std::string export_file;

  auto* run_command = app.add_subcommand("run", "the agent: poll, journal, publish");
  auto* check_command = app.add_subcommand("check", "check the site; print each bus's plan and load");
  auto* status_command = app.add_subcommand("status", "ask the running agent how it fares");
  auto* export_command = app.add_subcommand("export", "journal readings as CSV");
  for (auto* command : {run_command, check_command, status_command, export_command})
    add_site_options(command, site);
  check_command->add_flag("--json", as_json, "for scripts");
  status_command->add_flag("--json", as_json, "as published on up/status");
  export_command->add_option("--output", export_file, "a file instead of stdout");
  add_read(app, read_options);
  add_simulate(app, simulate_options);
  app.add_subcommand("version", "print the version");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? good : wrong_use;
  }
  site.shipped = read_options.site.shipped = shipped_profiles();
  simulate_options.profile_folders = {site.shipped};
  if (app.got_subcommand("run")) return run(site);
  if (app.got_subcommand("check")) return check(site, as_json);
  if (app.got_subcommand("read")) return read(read_options);
  if (app.got_subcommand("simulate")) return simulate(simulate_options);
  if (app.got_subcommand("status")) return status(site, as_json);
  if (app.got_subcommand("export")) return export_readings(site, export_file);
  std::cout << "congto " << version << "\n";
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed socket or pipe is an error code where it is written, not an end
  try {
    const int status = main_or_throw(argc, argv);
    if (std::cout.flush()) return status;
    std::cerr << "congto: the output could not be written\n";
    return failed;
  } catch (const std::exception& broken) {
    std::cerr << "congto: " << broken.what() << "\n";
    return failed;
  }
}
