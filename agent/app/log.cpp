// spdlog with one stderr sink; the time stands in the line only where no service manager adds it.
#include "agent/app/log.hpp"

#include <cstdlib>
#include <memory>

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace congto::app {

namespace {

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = std::make_shared<spdlog::logger>("congto", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    // $JOURNAL_STREAM is set by systemd when stderr goes to its journal, which stamps lines by itself.
    made->set_pattern(std::getenv("JOURNAL_STREAM") != nullptr ? "%l: %v" : "%Y-%m-%d %H:%M:%S %l: %v");
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *instance;
}

}  // namespace

// The text is an argument, never a format: meters and brokers may put braces into it.
void log_info(const std::string& line) { logger().log(spdlog::level::info, spdlog::string_view_t(line)); }
void log_warning(const std::string& line) { logger().log(spdlog::level::warn, spdlog::string_view_t(line)); }
void log_error(const std::string& line) { logger().log(spdlog::level::err, spdlog::string_view_t(line)); }

}  // namespace congto::app
