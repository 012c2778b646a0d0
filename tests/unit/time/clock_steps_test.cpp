// ClockSteps: watching and stopping. That a step calls back takes the right to set the clock, which a test
// must not use; the kernel's side of it was tried by hand.
#include "agent/time/clock_steps.hpp"

#include "tests/support/catch.hpp"

using namespace congto::timing;

TEST_CASE("a watch that is stopped lets the io_context end, without a call") {
  boost::asio::io_context io;
  ClockSteps steps(io);
  int calls = 0;
  REQUIRE(steps.start([&] { ++calls; }));
  io.poll();
  CHECK_FALSE(io.stopped());
  steps.stop();
  io.run();
  CHECK(calls == 0);
}

TEST_CASE("a watch may be destroyed while it waits, and started again after a stop") {
  boost::asio::io_context io;
  {
    ClockSteps steps(io);
    REQUIRE(steps.start([] {}));
    steps.stop();
    REQUIRE(steps.start([] {}));
    io.poll();
  }
  io.run();
  CHECK(io.stopped());
}
