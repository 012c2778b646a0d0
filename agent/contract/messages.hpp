// The messages of contract.md that are not batches, and the names they go under; for both ends.
// Pure: text in, values out and back. Unknown fields are ignored; numbers are checked.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drivers/core/clock.hpp"
#include "drivers/core/epoch.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/range_set.hpp"

namespace congto::contract {

inline constexpr int version = 1;
inline constexpr std::size_t max_batch_bytes = 64 * 1024;
inline constexpr std::size_t max_batch_readings = 20'000;
inline constexpr std::size_t max_expanded_bytes = 1024 * 1024;
inline constexpr std::size_t max_status_bytes = 16 * 1024;
inline constexpr std::size_t max_ack_ranges = 64;

enum class Topic { data, backfill, online, status, meta, ack, request };
// "congto/v1/{agent}/up/data", …
std::string topic(std::string_view agent, Topic what);
// [a-z0-9-]{3,64}
bool valid_agent_name(std::string_view name);

// down/ack
struct Ack {
  std::string centre;
  WallTime now;
  struct Settled {
    EpochId epoch;
    RangeSet ranges;
  };
  std::vector<Settled> acks;
};
std::string write(const Ack& ack);
Result<Ack> parse_ack(std::string_view text);

// down/request
struct DataRequest {
  struct Wanted {
    EpochId epoch;
    RangeSet ranges;
  };
  std::vector<Wanted> requests;
  std::vector<std::string> metas;  // layout ids asked for
};
std::string write(const DataRequest& request);
Result<DataRequest> parse_request(std::string_view text);

std::string write_online(bool online);

// up/status. Counts are since start unless said otherwise.
struct Status {
  std::string agent, site, version;
  WallTime sent;
  std::string clock;                        // "ntp, error 12 ms"
  bool clock_known = false;
  std::string journal;                      // "file" or "memory"
  std::string journal_trouble;              // empty when all is well
  std::uint64_t journal_bytes = 0;
  std::uint64_t uptime_s = 0;
  std::string ack;                          // "central", "broker"
  std::optional<std::int64_t> last_ack_age_s;
  EpochId epoch;
  std::uint64_t last_seq = 0;
  std::uint64_t unacknowledged = 0;         // records, all epochs
  std::uint64_t waiting_for_time = 0;
  std::uint64_t samples = 0, failed_polls = 0, skipped_slots = 0, overruns = 0;
  struct Backlog {
    EpochId epoch;
    std::uint64_t first = 0;                // first unacknowledged
    std::uint64_t last = 0;
  };
  std::vector<Backlog> epochs;              // the 20 oldest with unacknowledged records
  std::uint64_t more = 0;                   // how many more such epochs there are
  struct Bus {
    std::string name, state;                // "ok", "no link: …", "other master: …"
    double load = 0;                        // share of time with a request under way, 0-1
    std::uint64_t requests = 0, timeouts = 0, crc_errors = 0, stale_bytes = 0, foreign_frames = 0, overruns = 0;
  };
  std::vector<Bus> buses;
  struct Meter {
    std::string name, state;                // "ok", "silent", "refuses …"
    std::optional<std::int64_t> last_read_age_s;
    std::uint64_t failures = 0;             // polls that failed whole, in a row
  };
  std::vector<Meter> meters;                // the troubled ones first; cut to keep below 16 KiB
  std::vector<std::string> alarms;          // plain sentences: "no acknowledgement for 24 h"
};
std::string write(const Status& status);
Result<Status> parse_status(std::string_view text);

}  // namespace congto::contract
