// `congto status`: what the running agent says of itself, for people or (--json) as it goes to up/status.
#include <iostream>

#include "agent/app/commands.hpp"
#include "agent/app/reading_text.hpp"
#include "agent/app/site_command.hpp"
#include "agent/contract/status.hpp"
#include "agent/control/socket.hpp"

namespace congto::app {

namespace {

using namespace std::chrono_literals;

void print_totals(const contract::Status& status) {
  std::cout << status.agent << " (" << status.site << "), congto " << status.version << ", up "
            << status.uptime_s << " s, " << iso_time(status.sent) << "\n"
            << "  clock    " << status.clock << "\n"
            << "  journal  " << status.journal << ", " << status.journal_bytes << " bytes";
  if (!status.journal_trouble.empty()) std::cout << "; " << status.journal_trouble;
  std::cout << "\n  uplink   ack = " << status.ack << ", " << status.unacknowledged
            << " records unacknowledged";
  if (status.last_ack_age_s) std::cout << ", last acknowledgement " << *status.last_ack_age_s << " s ago";
  std::cout << "\n  polls    " << status.samples << " samples, " << status.failed_polls << " failed, "
            << status.skipped_slots << " slots skipped (" << status.overruns << " overruns), "
            << status.waiting_for_time << " records wait for the time\n";
}

void print_parts(const contract::Status& status) {
  for (const auto& bus : status.buses) {
    std::cout << "  bus " << bus.name << ": " << bus.state << "; load "
              << static_cast<int>(bus.load * 100 + 0.5) << " %, " << bus.requests << " requests, "
              << bus.timeouts << " timeouts, " << bus.crc_errors << " damaged, " << bus.stale_bytes
              << " stale bytes, " << bus.foreign_frames << " foreign frames\n";
  }
  for (const auto& meter : status.meters) {
    std::cout << "  meter " << meter.name << ": " << meter.state;
    if (meter.last_read_age_s) std::cout << "; read " << *meter.last_read_age_s << " s ago";
    if (meter.failures > 0) std::cout << "; " << meter.failures << " failed polls in a row";
    std::cout << "\n";
  }
  for (const auto& alarm : status.alarms) std::cout << "  ALARM: " << alarm << "\n";
}

}  // namespace

int status(const SiteOptions& options, bool as_json) {
  const auto settings = load_settings(options, Warnings::kept);
  if (!settings) return wrong_use;
  const auto answer = control::ask(socket_path(*settings), R"({"command":"status"})", 10s);
  if (!answer) {
    std::cerr << answer.error().message
              << (answer.error().no_agent ? "; start it with `congto run`\n" : "\n");
    return failed;
  }
  if (as_json) {
    std::cout << *answer << "\n";
    return good;
  }
  const auto parsed = contract::parse_status(*answer);
  if (!parsed) {
    std::cerr << "the agent's answer is not understood: " << parsed.error().message << "\n";
    return failed;
  }
  print_totals(*parsed);
  print_parts(*parsed);
  return good;
}

}  // namespace congto::app
