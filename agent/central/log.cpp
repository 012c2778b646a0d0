// spdlog with one stderr sink; the time stands in the line only where no service manager adds it.
#include "agent/central/log.hpp"

#include <cstdlib>
#include <memory>

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace congto::central {

namespace {

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made =
        std::make_shared<spdlog::logger>("congto-central", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    // $JOURNAL_STREAM is set by systemd when stderr goes to its journal, which stamps lines by itself.
    made->set_pattern(std::getenv("JOURNAL_STREAM") != nullptr ? "%l: %v" : "%Y-%m-%d %H:%M:%S %l: %v");
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *instance;
}

// Agents choose texts that come to stand here: no line of theirs may look like one of ours.
std::string printable(const std::string& line) {
  std::string safe = line;
  for (char& c : safe) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return safe;
}

}  // namespace

// The text is an argument, never a format.
void log_info(const std::string& line) {
  logger().log(spdlog::level::info, spdlog::string_view_t(printable(line)));
}
void log_warning(const std::string& line) {
  logger().log(spdlog::level::warn, spdlog::string_view_t(printable(line)));
}

}  // namespace congto::central
