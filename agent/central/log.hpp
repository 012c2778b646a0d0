// The log of congto-central: plain lines on stderr, as a service manager collects them. Thread-safe.
#pragma once

#include <string>

namespace congto::central {

void log_info(const std::string& line);
void log_warning(const std::string& line);

}  // namespace congto::central
