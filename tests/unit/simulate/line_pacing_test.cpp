// When bytes are on a simulated line, and when the adapter hands them over.
#include "agent/simulate/line_pacing.hpp"
#include "tests/support/catch.hpp"

using namespace congto::simulate;
using congto::modbus::Parity;
using congto::modbus::SerialSettings;
using namespace std::chrono_literals;
using std::chrono::nanoseconds;

namespace {

const LineTime start = LineTime{} + 1h;
// 10 bits at 10000 baud: a character is exactly 1 ms, the silence 3.5 ms.
const SerialSettings easy{10'000, Parity::none, 1};

}  // namespace

TEST_CASE("a reply begins its turnaround after the last byte of the request was on the line") {
  LinePacing line(easy, 5ms, 0ms);
  line.heard(start, 8, true);
  CHECK(line.busy_until() == start + 8ms);
  const Transmission reply = line.reply(9, 0ms);
  CHECK(reply.start == start + 13ms);
  CHECK(line.end(reply) == start + 22ms);
}

TEST_CASE("parity and stop bits make characters longer") {
  LinePacing line({9'600, Parity::even, 1}, 5ms, 0ms);
  line.heard(start, 8, true);
  CHECK(line.busy_until() - start >= 8 * nanoseconds(1'145'833));
  CHECK(line.busy_until() - start < 8 * nanoseconds(1'145'900));
}

TEST_CASE("without an adapter every byte shows as it comes, and none before") {
  LinePacing line(easy, 5ms, 0ms);
  line.heard(start, 8, true);
  const Transmission reply = line.reply(3, 0ms);
  CHECK(line.visible(reply, start) == 0);
  CHECK(line.visible(reply, reply.start + 1ms - 1ns) == 0);
  CHECK(line.visible(reply, reply.start + 1ms) == 1);
  CHECK(line.visible(reply, reply.start + 2ms + 500us) == 2);
  CHECK(line.visible(reply, reply.start + 3ms) == 3);
  CHECK(line.visible(reply, reply.start + 1h) == 3);
}

TEST_CASE("an adapter hands over what came at fixed times") {
  LinePacing line({115'200, Parity::none, 1}, 5ms, 1ms);  // 86.8 us a character
  line.heard(start, 8, true);
  const Transmission reply = line.reply(85, 0ms);
  CHECK(line.visible(reply, reply.start + 999us) == 0);
  CHECK(line.visible(reply, reply.start + 1ms) == 11);
  CHECK(line.visible(reply, reply.start + 1999us) == 11);
  CHECK(line.visible(reply, reply.start + 2ms) == 23);
  CHECK(line.delivered(reply) == reply.start + 8ms);  // 85 characters take 7.38 ms
  CHECK(line.visible(reply, reply.start + 7999us) < 85);
  CHECK(line.visible(reply, line.delivered(reply)) == 85);
}

TEST_CASE("at every delivery there is something to hand over, and no byte is late") {
  for (const unsigned baud : {1'200U, 2'400U, 9'600U, 19'200U, 38'400U, 57'600U, 115'200U}) {
    for (const nanoseconds adapter : {nanoseconds(0), nanoseconds(1ms), nanoseconds(16ms)}) {
      LinePacing line({baud, Parity::none, 1}, 5ms, adapter);
      line.heard(start, 8, true);
      const Transmission reply = line.reply(256, 0ms);
      std::size_t sent = 0;
      while (sent < 256) {
        const LineTime due = line.next_delivery(reply, sent);
        const std::size_t visible = line.visible(reply, due);
        REQUIRE(visible > sent);
        REQUIRE(line.visible(reply, due - 1ns) == sent);
        sent = visible;
      }
      REQUIRE(line.delivered(reply) - line.end(reply) <= adapter);
      REQUIRE(line.delivered(reply) >= line.end(reply));
    }
  }
}

TEST_CASE("the first frame on a line has no silence before it") {
  LinePacing line(easy, 5ms, 0ms);
  CHECK_FALSE(line.heard(start, 8, true).has_value());
}

TEST_CASE("the silence counts from the last byte of the reply") {
  LinePacing line(easy, 5ms, 0ms);
  line.heard(start, 8, true);
  const Transmission reply = line.reply(9, 0ms);
  const auto silence = line.heard(line.end(reply) + 3500us, 8, true);
  REQUIRE(silence.has_value());
  CHECK(*silence == 3500us);
  CHECK_FALSE(line.too_early(*silence));
  CHECK(line.too_early(*silence - 1ns));
}

TEST_CASE("after a unit that stayed silent, the silence counts from the request") {
  LinePacing line(easy, 5ms, 0ms);
  line.heard(start, 8, true);
  CHECK(*line.heard(start + 1s, 8, true) == nanoseconds(1s - 8ms));
}

TEST_CASE("a request into a running reply, or into another request, is too early") {
  LinePacing line(easy, 5ms, 0ms);
  line.heard(start, 8, true);
  CHECK(line.too_early(*line.heard(start + 1ms, 8, true)));
  const Transmission reply = line.reply(20, 0ms);
  CHECK(line.too_early(*line.heard(reply.start + 10ms, 8, true)));
}

TEST_CASE("a reply that is still to come leaves the line free") {
  LinePacing line(easy, 5ms, 0ms);
  line.heard(start, 8, true);
  const Transmission late = line.reply(9, 500ms);
  CHECK(late.start == start + 513ms);
  const auto silence = line.heard(start + 300ms, 8, true);
  REQUIRE(silence.has_value());
  CHECK(*silence == 292ms);
}

TEST_CASE("a reply waits for the one before it") {
  LinePacing line(easy, 5ms, 0ms);
  line.heard(start, 8, true);
  const Transmission late = line.reply(9, 500ms);
  line.heard(start + 505ms, 8, true);
  CHECK(line.reply(9, 0ms).start == line.end(late));  // by itself it would have begun 4 ms earlier
}

TEST_CASE("bytes of one request that come in pieces follow each other") {
  LinePacing line(easy, 5ms, 0ms);
  line.heard(start, 3, true);
  CHECK_FALSE(line.heard(start + 1ms, 5, false).has_value());
  CHECK(line.busy_until() == start + 8ms);
}

TEST_CASE("the least time of an exchange is request, turnaround, reply and silence") {
  LinePacing line(easy, 5ms, 1ms);
  CHECK(line.exchange_time(8, 85) == 8ms + 5ms + 85ms + 3500us);
}
