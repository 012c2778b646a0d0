// A virtual machine's clock is its host's; a box's own counter vouches for nothing.
#include "agent/time/host_clock.hpp"

#include <fstream>

#include "tests/support/catch.hpp"
#include "tests/support/temporary_directory.hpp"

TEST_CASE("a hypervisor's clock source means that the host keeps the time") {
  const congto::test::TemporaryDirectory directory;
  for (const auto* names : {"tsc kvm-clock \n", "xen tsc\n", "hyperv_clocksource_tsc_page\n"}) {
    std::ofstream(directory / "sources") << names;
    CHECK(congto::timing::host_keeps_time(directory / "sources"));
  }
}

TEST_CASE("a Pi's counter, or no answer, does not") {
  const congto::test::TemporaryDirectory directory;
  std::ofstream(directory / "sources") << "arch_sys_counter\n";
  CHECK(!congto::timing::host_keeps_time(directory / "sources"));
  CHECK(!congto::timing::host_keeps_time(directory / "absent"));
}
