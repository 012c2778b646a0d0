// The names are those of the kernel's drivers: kvm-clock, xen, hyperv_clocksource_tsc_page,
// hyperv_clocksource_msr.
#include "agent/time/host_clock.hpp"

#include <fstream>
#include <string>

namespace congto::timing {

bool host_keeps_time(const std::filesystem::path& clock_sources) {
  std::ifstream names(clock_sources);
  std::string name;
  while (names >> name) {
    if (name == "kvm-clock" || name == "xen" || name.starts_with("hyperv")) return true;
  }
  return false;
}

}  // namespace congto::timing
