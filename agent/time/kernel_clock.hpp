// What the kernel says about its clock: one look at both clocks and NTP's state, and the identity of this
// boot. The only system calls of agent/time beside clock_steps. Thread-safe.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "agent/time/reference.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/core/error.hpp"

namespace congto::timing {

// What adjtimex(2) answered: whether the clock is disciplined, and its own bound of the error. Virtual
// machines and containers whose host keeps the time look undisciplined (measured): there the site says `clock
// = "trusted"`.
struct KernelDiscipline {
  bool answered = false;
  bool unsynchronised = true;  // STA_UNSYNC
  std::chrono::microseconds max_error{0};
};

// systemd-timesyncd touches this file when it has set the clock by an NTP server; the directory is empty
// after boot (systemd-timesyncd(8)).
inline constexpr const char* timesyncd_file = "/run/systemd/timesync/synchronized";

KernelDiscipline ask_kernel();
// When timesyncd last set the clock; nothing if it has not in this boot.
std::optional<WallTime> timesyncd_said(const std::filesystem::path& file = timesyncd_file);

// Pure: the discipline counts when STA_UNSYNC is clear and the error below 1 s; timesyncd's word, given since
// this boot began, counts too, for between its rare polls (up to 34 min) the kernel's bound grows past a
// second.
KernelView judge(BootTime boot, WallTime wall, const KernelDiscipline& kernel,
                 std::optional<WallTime> timesyncd);

// All of it, now.
KernelView look(const Clock& clock);

// Of this boot of the machine (random(4)).
Result<std::string> boot_id(const std::filesystem::path& file = "/proc/sys/kernel/random/boot_id");

}  // namespace congto::timing
