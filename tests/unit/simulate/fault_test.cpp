// Faults as people write them on the command line and on stdin.
#include "agent/simulate/fault.hpp"
#include "agent/simulate/control_line.hpp"
#include "tests/support/catch.hpp"

using namespace congto::simulate;
using std::chrono::milliseconds;

TEST_CASE("every fault has its word") {
  CHECK(parse_fault("silent")->kind == FaultKind::silent);
  CHECK(parse_fault("noise")->kind == FaultKind::noise);
  CHECK(parse_fault("crc")->kind == FaultKind::crc);
  const Fault late = *parse_fault("late:300");
  CHECK(late.kind == FaultKind::late);
  CHECK(late.delay == milliseconds(300));
  const Fault exception = *parse_fault("exception:11");
  CHECK(exception.kind == FaultKind::exception);
  CHECK(exception.exception == 11);
}

TEST_CASE("numbers of faults have limits") {
  CHECK(parse_fault("late:1").has_value());
  CHECK(parse_fault("late:600000").has_value());
  CHECK(parse_fault("exception:255").has_value());
  for (const char* wrong : {"late", "late:", "late:0", "late:600001", "late:1.5", "late:-1", "late:12ms",
                            "exception", "exception:0", "exception:256", "exception:two"}) {
    INFO(wrong);
    CHECK_FALSE(parse_fault(wrong).has_value());
  }
}

TEST_CASE("an unknown fault is answered with those that exist") {
  for (const char* wrong : {"", "Silent", "silent ", "broken", "silent:3"}) {
    INFO(wrong);
    const auto fault = parse_fault(wrong);
    REQUIRE_FALSE(fault.has_value());
    CHECK(fault.error().message.find("silent, late:MS, noise, exception:N and crc") != std::string::npos);
  }
}

TEST_CASE("a fault of the command line names its meter") {
  const auto fault = parse_meter_fault("compressor-1=late:20");
  REQUIRE(fault.has_value());
  CHECK(fault->first == "compressor-1");
  CHECK(fault->second.delay == milliseconds(20));
  CHECK(parse_meter_fault("*=silent")->first == "*");
  CHECK_FALSE(parse_meter_fault("silent").has_value());
  CHECK_FALSE(parse_meter_fault("=silent").has_value());
  CHECK_FALSE(parse_meter_fault("compressor-1=").has_value());
}

TEST_CASE("a line on stdin sets, clears or asks") {
  const auto set = parse_control_line("fault pump-1 exception:4");
  REQUIRE(set.has_value());
  CHECK(set->command == ControlLine::Command::set_fault);
  CHECK(set->meter == "pump-1");
  CHECK(set->fault == Fault{FaultKind::exception, milliseconds(0), 4});
  const auto clear = parse_control_line("  clear \t pump-1\r");
  REQUIRE(clear.has_value());
  CHECK(clear->meter == "pump-1");
  CHECK(clear->fault == Fault{});
  CHECK(parse_control_line("statistics")->command == ControlLine::Command::statistics);
}

TEST_CASE("any other line on stdin is refused") {
  for (const char* wrong : {"", "fault", "fault pump-1", "fault pump-1 broken", "fault pump-1 late:5 crc",
                            "clear", "clear a b", "statistics now", "quit"}) {
    INFO(wrong);
    CHECK_FALSE(parse_control_line(wrong).has_value());
  }
}
