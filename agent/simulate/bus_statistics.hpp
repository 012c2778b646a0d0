// BusStatistics: what a bench wants to know of one simulated bus, counted since it was opened.
// A plain value; written as JSON by the command.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace congto::simulate {

struct BusStatistics {
  std::string name;
  std::uint64_t requests = 0;  // whole, undamaged requests, whoever they were for
  std::uint64_t replies = 0;   // sent, exceptions and damaged ones included
  std::uint64_t too_early =
      0;  // serial: requests that began within 3.5 characters of the last byte on the line
  std::uint64_t garbage_bytes = 0;  // received and not part of any request
  std::uint64_t lost_bytes = 0;     // of replies that nobody took from the pty
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::optional<std::chrono::nanoseconds> shortest_silence;  // serial, before a request
  // Serial: the least time that the answered exchanges could have taken: request, turnaround, reply, silence.
  std::chrono::nanoseconds wire_time{0};
  // Serial: what the adapter added to it, from the last byte of a reply on the line to its delivery.
  std::chrono::nanoseconds adapter_time{0};
};

// {"buses":[{"name":…,"requests":…,…}]}, times in microseconds, one line.
std::string to_json(const std::vector<BusStatistics>& buses);

}  // namespace congto::simulate
