// The commands of congto-central; each gives the process's exit code.
#pragma once

#include <string>

namespace congto::central {

inline constexpr int good = 0, failed = 1, wrong_use = 2;

// `config`: of --config; empty for the usual places.
int run(const std::string& config);
int check(const std::string& config);
int enrol(const std::string& config, const std::string& agent, const std::string& site);
int remove(const std::string& config, const std::string& agent, const std::string& reason);
int status(const std::string& config);

}  // namespace congto::central
