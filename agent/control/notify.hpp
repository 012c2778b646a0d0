// Tells systemd how the service fares (sd_notify's protocol: one datagram to $NOTIFY_SOCKET). Without systemd
// it does nothing. Any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace congto::control {

// "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=…".
void notify(const std::string& state);
// The watchdog period that systemd asks for ($WATCHDOG_USEC); nothing when it does not watch.
std::optional<std::chrono::microseconds> watchdog_period();

}  // namespace congto::control
