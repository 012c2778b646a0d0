// A box gone wrong must not fill the centre's log.
#include "agent/central/trouble_log.hpp"

#include "tests/support/catch.hpp"

using namespace congto;
using namespace congto::central;
using namespace std::chrono_literals;

TEST_CASE("a trouble is logged once a period, and then counted") {
  TroubleLog log;
  const BootTime start{1h};
  CHECK(log.add("a", start) == "a");
  CHECK(log.add("a", start + 1s).empty());
  CHECK(log.add("b", start + 2s) == "b");
  CHECK(log.tick(start + 9min).empty());
  CHECK(log.tick(start + 10min) == std::vector<std::string>{"a (1 more within 10 minutes)"});
  CHECK(log.add("a", start + 11min) == "a");
}

TEST_CASE("of many different troubles some are told and the rest is counted") {
  TroubleLog log;
  const BootTime start{1h};
  std::size_t told = 0;
  for (int i = 0; i < 1000; ++i) told += log.add(std::to_string(i), start).empty() ? 0U : 1U;
  CHECK(told == TroubleLog::most);
  CHECK(log.tick(start + 10min) == std::vector<std::string>{"900 troubles of other kinds within 10 minutes"});
}
