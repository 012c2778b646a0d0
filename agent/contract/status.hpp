// up/status: the health of an agent, every 60 s and at connect; written by the agent, read by the centre.
// Pure: values in, text out and back. Counts are since start unless said otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/core/clock.hpp"
#include "drivers/core/epoch.hpp"
#include "drivers/core/error.hpp"

namespace congto::contract {

struct Status {
  std::string agent, site, version;
  WallTime sent;
  std::string clock;  // "ntp, error 12 ms"
  bool clock_known = false;
  std::string journal;          // "file" or "memory"
  std::string journal_trouble;  // empty when all is well
  std::uint64_t journal_bytes = 0;
  std::uint64_t uptime_s = 0;
  std::string ack;  // "central", "broker"
  std::optional<std::int64_t> last_ack_age_s;
  EpochId epoch;
  std::uint64_t last_seq = 0;
  std::uint64_t unacknowledged = 0;  // records, all epochs
  std::uint64_t waiting_for_time = 0;
  std::uint64_t samples = 0, failed_polls = 0, skipped_slots = 0, overruns = 0;
  struct Backlog {
    EpochId epoch;
    std::uint64_t first = 0;  // first unacknowledged
    std::uint64_t last = 0;
  };
  std::vector<Backlog> epochs;  // the 20 oldest with unacknowledged records
  std::uint64_t more = 0;       // how many more such epochs there are
  struct Bus {
    std::string name, state;  // "ok", "no link: …", "other master: …"
    double load = 0;          // share of time with a request under way, 0-1
    std::uint64_t requests = 0, timeouts = 0, crc_errors = 0, stale_bytes = 0, foreign_frames = 0,
                  overruns = 0;
  };
  std::vector<Bus> buses;
  struct Meter {
    std::string name, state;  // "ok", "silent", "refuses …"
    std::optional<std::int64_t> last_read_age_s;
    std::uint64_t failures = 0;  // polls that failed whole, in a row
  };
  std::vector<Meter> meters;
  std::vector<std::string> alarms;  // plain sentences: "no acknowledgement for 24 h"

  // How many of each a status had no room for; write() sets the fields in the text by itself.
  std::uint64_t alarms_left_out = 0, buses_left_out = 0, meters_left_out = 0;
};

// Always below max_status_bytes: long texts are cut (…), then entries left out and counted. Buses and meters
// that are not "ok" come first and are left out last.
std::string write(const Status& status);
Result<Status> parse_status(std::string_view text);

}  // namespace congto::contract
