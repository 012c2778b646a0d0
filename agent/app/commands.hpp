// The commands of `congto`, one function each, with the options that main.cpp reads from the command line.
// They return the exit status: 0 good, 1 the job failed, 2 wrong use or wrong configuration.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace congto::app {

inline constexpr int good = 0;
inline constexpr int failed = 1;
inline constexpr int wrong_use = 2;

// What every command that needs a site takes.
struct SiteOptions {
  std::string config;             // --config; empty: ./site.toml, else /etc/congto/site.toml
  std::string state;              // --state, before the site's own
  std::filesystem::path shipped;  // folder of the shipped profiles
};

struct ReadOptions {
  SiteOptions site;
  std::string meter;   // name; empty with --serial or --tcp
  std::string serial;  // a device, without a site
  std::string tcp;     // host:port, without a site
  unsigned baud = 9600;
  std::string parity = "none";
  unsigned stop_bits = 1;
  int unit_id = -1;  // -1: not given
  std::string profile;
  bool json = false;
};

struct SimulateOptions {
  std::filesystem::path file, directory;
  std::vector<std::string> faults;  // METER=silent, …
  std::vector<std::filesystem::path> profile_folders;
  bool strict = false;
  bool statistics = false;
  double speed = 1.0;
  unsigned turnaround_ms = 5;
  unsigned adapter_ms = 1;
};

int run(const SiteOptions& options);
int check(const SiteOptions& options, bool as_json);
int read(const ReadOptions& options);
int simulate(const SimulateOptions& options);
int status(const SiteOptions& options, bool as_json);
int export_readings(const SiteOptions& options, const std::string& file);

}  // namespace congto::app
