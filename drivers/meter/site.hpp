// Site: the buses and meters of one site.toml, checked; what check, run, read and simulate work from.
// Reading is strict: every error has file:line:column, what was expected and the nearest known word.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "drivers/meter/meter.hpp"
#include "drivers/meter/profile.hpp"
#include "drivers/meter/read_plan.hpp"

namespace congto::meter {

enum class Transport : std::uint8_t { serial, tcp, rtu_over_tcp };

struct Bus {
  std::string name;
  Transport transport = Transport::serial;
  std::string device;  // serial: as configured (by-id names stay as they are)
  std::string host;    // tcp, rtu-over-tcp
  std::uint16_t port = 502;
  SerialSettings line;   // serial only
  bool rs485 = false;    // kernel direction control
  bool release = false;  // close the connection after each poll
};

struct Site {
  std::vector<Bus> buses;         // in the order of the file
  std::vector<Meter> meters;      // in the order of the file
  std::vector<Profile> profiles;  // each one in use, once
};

// What requests cost on this bus for a device with this pause: RTU 3.5-character silences (1.75 ms above
// 19200 baud), 5 ms turnaround unless measured otherwise; TCP counts requests.
WireCost wire_cost(const Bus& bus, const DeviceLimits& limits);

}  // namespace congto::meter
