// The commands of `congto`, one function each, with the options that main.cpp reads from the command line.
// They return the exit status: 0 good, 1 the job failed, 2 wrong use or wrong configuration.
#pragma once

#include <cstdint>
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
  std::string meter;  // name in the site
  // One of these three: without a site.
  std::string serial;                 // a device
  std::string tcp, rtu_over_tcp;      // host:port
  std::optional<std::uint32_t> baud;  // these three: what the profile says of the factory, else 9600 8N1
  std::optional<std::string> parity;
  std::optional<unsigned> stop_bits;
  std::optional<int> unit_id;
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
