// Whether this machine's wall clock is kept by somebody who does not tell the kernel: the host of a virtual
// machine. There no NTP runs and none is needed; a box without battery or network has no such host.
#pragma once

#include <filesystem>

namespace congto::timing {

// True where the kernel offers a hypervisor's clock (kvm-clock, xen, hyperv…), from which it also took the
// wall time at boot.
bool host_keeps_time(const std::filesystem::path& clock_sources =
                         "/sys/devices/system/clocksource/clocksource0/available_clocksource");

}  // namespace congto::timing
