// Who may be asked on a bus after what went wrong, and why slots pass.
#include "agent/poll/bus_health.hpp"

#include "tests/support/catch.hpp"

using congto::BootTime;
using congto::modbus::Failure;
using congto::modbus::FailureKind;
using namespace congto::poll;
using namespace std::chrono_literals;

namespace {

const Failure timeout{FailureKind::timeout, 0, ""};
const Failure no_link{FailureKind::no_link, 0, "pulled"};
Failure exception(std::uint8_t code) { return {FailureKind::exception, code, ""}; }

struct Bench {
  std::vector<std::string> notes;
  BusHealth health{
      "line-1", {{1, "a"}, {1, "b"}, {2, "c"}}, [this](const std::string& text) { notes.push_back(text); }};
  BootTime now{100s};
};

}  // namespace

TEST_CASE("a silent unit holds up its own meters only") {
  Bench bench;
  bench.health.judge(0, timeout, bench.now);
  CHECK(bench.health.ready(bench.now) == std::vector<bool>{false, false, true});
  CHECK(bench.health.why_missed(1) == "back-off");
  CHECK(bench.health.why_missed(2) == "overrun");
  CHECK(bench.health.judge(1, std::nullopt, bench.now + 70s) == BootTime::duration(70s));
  CHECK(bench.health.ready(bench.now) == std::vector<bool>{true, true, true});
  CHECK(bench.notes.size() == 2);
  // The slots that passed before keep their reason until the meter is polled.
  CHECK(bench.health.why_missed(0) == "back-off");
  bench.health.polled(0);
  CHECK(bench.health.why_missed(0) == "overrun");
}

TEST_CASE("a meter that its unit refuses whole holds up no other") {
  Bench bench;
  bench.health.judge(0, exception(2), bench.now);
  CHECK(bench.health.ready(bench.now) == std::vector<bool>{false, true, true});
  CHECK(bench.health.trouble(0).find("exception-2") != std::string::npos);
  CHECK(bench.health.trouble(1).empty());
}

TEST_CASE("a dead port holds up everybody and blames no unit") {
  Bench bench;
  bench.health.judge(0, no_link, bench.now);
  CHECK(bench.health.ready(bench.now) == std::vector<bool>{false, false, false});
  CHECK(bench.health.why_missed(2) == "no-link");
  CHECK(bench.health.unit_healthy(0));
}

TEST_CASE("exception 10 blames the unit that begins the outage, and the gateway") {
  Bench bench;
  bench.health.judge(0, exception(10), bench.now);
  bench.health.judge(2, exception(10), bench.now + 1s);
  CHECK_FALSE(bench.health.port_healthy());
  CHECK_FALSE(bench.health.unit_healthy(0));
  CHECK(bench.health.unit_healthy(2));
  CHECK(bench.health.why_missed(2) == "no-link");
}
