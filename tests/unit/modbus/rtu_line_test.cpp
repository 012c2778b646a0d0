// What an RTU line remembers: silences, pauses, quarantine, echo, and whose the stray bytes are.
#include "drivers/modbus/rtu_line.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/rtu_bytes.hpp"

using congto::BootTime;
using congto::test::hex_bytes;
using congto::test::with_crc;
using namespace congto::modbus;
using namespace std::chrono_literals;

namespace {

const Request unit_1{1, Function::read_input_registers, 0, 2};
const Request unit_2{2, Function::read_input_registers, 0, 2};

struct Bench {
  void send(const Request& request) {
    line.begin(request, now);
    now = line.sent(now);
  }
  // An exchange that is answered after `took`.
  void answered(const Request& request, const std::vector<std::uint8_t>& reply,
                std::chrono::microseconds took = 20ms) {
    send(request);
    now += took;
    line.feed(reply, now);
    REQUIRE(line.finish(now).has_value());
  }
  // An exchange without an answer in one second.
  void given_up(const Request& request) {
    send(request);
    now += 1s;
    CHECK(line.finish(now).error().kind == FailureKind::timeout);
  }
  std::chrono::microseconds wait_for(UnitId unit) const { return line.may_send_at(unit) - now; }

  LinkCounters counters;
  RtuLine line{{9600, Parity::none, 1}, counters};
  BootTime now{1000s};
};

const auto reply_1 = hex_bytes("01 04 04 43 66 33 34 1B 38");
const auto reply_2 = with_crc("02 04 04 43 66 33 34");

}  // namespace

TEST_CASE("a request waits for 3.5 characters after whatever was on the line") {
  Bench bench;
  bench.line.opened(bench.now);
  CHECK(bench.wait_for(1) == 3646us);
  bench.answered(unit_1, reply_1);
  CHECK(bench.wait_for(1) == 3646us);
  CHECK(bench.wait_for(2) == 3646us);
  bench.now += 1s;
  bench.line.heard(hex_bytes("00"), bench.now);
  CHECK(bench.wait_for(1) == 3646us);
}

TEST_CASE("the request's own bytes take their time on the wire") {
  Bench bench;
  bench.line.begin(unit_1, bench.now);
  CHECK(bench.line.sent(bench.now) == bench.now + 8334us);  // 8 characters of 10 bits at 9600 baud
}

TEST_CASE("the time that a whole reply takes on the wire is told from the request") {
  LinkCounters counters;
  RtuLine slow({2400, Parity::even, 1}, counters);
  slow.begin({1, Function::read_input_registers, 0, 125}, BootTime{1000s});
  CHECK(slow.reply_time() == 1'168'751us);
  slow.begin({1, Function::read_coils, 0, 9}, BootTime{1000s});
  CHECK(slow.reply_time() == 32'084us);
  slow.begin({1, Function::report_server_id, 0, 1}, BootTime{1000s});
  CHECK(slow.reply_time() == 0us);
}

TEST_CASE("the line is silent after 3.5 characters without a byte") {
  Bench bench;
  bench.line.heard(hex_bytes("00"), bench.now);
  CHECK(bench.line.silent_from() == bench.now + 3646us);
}

TEST_CASE("a device's pause is kept, for it alone") {
  Bench bench;
  bench.line.set_pause(1, 50ms);
  bench.answered(unit_2, reply_2);
  CHECK(bench.wait_for(1) == 50ms);
  CHECK(bench.wait_for(2) == 3646us);
}

TEST_CASE("a pause shorter than the silence changes nothing") {
  Bench bench;
  bench.line.set_pause(1, 1ms);
  bench.line.opened(bench.now);
  CHECK(bench.wait_for(1) == 3646us);
}

TEST_CASE("a unit that owes a reply is in quarantine for 200 ms, the others are asked at once") {
  Bench bench;
  bench.line.opened(bench.now);
  bench.given_up(unit_1);
  CHECK(bench.wait_for(1) == 200ms);
  CHECK(bench.wait_for(2) <= 0us);
}

TEST_CASE("the quarantine is twice the 99th percentile of a slow unit") {
  Bench bench;
  bench.answered(unit_1, reply_1, 400ms);
  bench.now += 1s;
  bench.given_up(unit_1);
  CHECK(bench.wait_for(1) == 800ms);
}

TEST_CASE("the late reply prolongs the quarantine, other units' replies do not") {
  Bench bench;
  bench.given_up(unit_1);
  bench.answered(unit_2, reply_2, 100ms);
  CHECK(bench.wait_for(1) < 200ms);
  bench.line.heard(reply_1, bench.now);
  CHECK(bench.wait_for(1) == 200ms);
  CHECK(bench.wait_for(2) == 3646us);
}

TEST_CASE("a late reply inside another unit's exchange is skipped and prolongs the quarantine") {
  Bench bench;
  bench.given_up(unit_1);
  bench.send(unit_2);
  bench.now += 10ms;
  bench.line.feed(reply_1, bench.now);
  CHECK_FALSE(bench.line.done());
  bench.now += 10ms;
  bench.line.feed(reply_2, bench.now);
  CHECK(bench.line.finish(bench.now).has_value());
  CHECK(bench.wait_for(1) == 200ms);
  CHECK(bench.counters.stale_bytes == 9);
  CHECK(bench.counters.foreign_frames == 0);
}

TEST_CASE("a damaged reply leaves the unit in quarantine too, an exception does not") {
  Bench bench;
  bench.send(unit_1);
  bench.line.feed(hex_bytes("01 04 04 43 66 33 35 1B 38"), bench.now);
  CHECK(bench.line.wait_until(bench.now + 1s) == bench.now + 20ms);
  CHECK(bench.line.finish(bench.now).error().kind == FailureKind::crc);
  CHECK(bench.wait_for(1) == 200ms);
  bench.now += 1s;
  bench.send(unit_1);
  bench.line.feed(with_crc("01 84 06"), bench.now);
  CHECK(bench.line.wait_until(bench.now + 1s) == bench.now + 20ms);
  CHECK(bench.line.finish(bench.now).error().kind == FailureKind::exception);
  CHECK(bench.wait_for(1) == 3646us);
}

TEST_CASE("an exchange that was broken off leaves its unit in quarantine") {
  Bench bench;
  bench.send(unit_1);
  bench.line.opened(bench.now);
  CHECK(bench.wait_for(1) > 150ms);
}

TEST_CASE("another master's request and its reply are foreign") {
  Bench bench;
  bench.answered(unit_1, reply_1);
  bench.line.heard(hex_bytes("0A 04 00 00 00 02 70 B0"), bench.now);
  bench.line.heard(with_crc("0A 04 04 00 00 08 4D"), bench.now);
  const auto heard = bench.line.settle(bench.now);
  CHECK(heard.bytes == 17);
  CHECK(heard.foreign_frames == 2);
  CHECK(bench.counters.foreign_frames == 2);
  CHECK(bench.counters.stale_bytes == 17);
}

TEST_CASE("another master that asks one of our own units is foreign by its request") {
  Bench bench;
  bench.answered(unit_1, reply_1);
  bench.line.heard(with_crc("01 04 00 10 00 02"), bench.now);
  CHECK(bench.line.settle(bench.now).foreign_frames == 1);
}

TEST_CASE("a late reply of ours is stale, not foreign") {
  Bench bench;
  bench.given_up(unit_1);
  bench.line.heard(reply_1, bench.now);
  CHECK(bench.line.settle(bench.now).foreign_frames == 0);
  bench.line.heard(with_crc("01 84 0B"), bench.now);
  CHECK(bench.line.settle(bench.now).foreign_frames == 0);
  CHECK(bench.counters.stale_bytes == 14);
  // After a minute nobody answers a request of ours any more.
  bench.now += 61s;
  bench.line.heard(reply_1, bench.now);
  CHECK(bench.line.settle(bench.now).foreign_frames == 1);
}

TEST_CASE(
    "before our first request a lone reply is a late one to an earlier program; two are another master") {
  Bench bench;
  bench.line.heard(reply_1, bench.now);
  CHECK(bench.line.settle(bench.now).foreign_frames == 0);
  bench.line.heard(reply_1, bench.now);
  bench.line.heard(reply_2, bench.now);
  CHECK(bench.line.settle(bench.now).foreign_frames == 2);
}

TEST_CASE("bytes heard in pieces are put together before they are judged") {
  Bench bench;
  bench.line.heard(hex_bytes("0A 04 00"), bench.now);
  bench.line.heard(hex_bytes("00 00 02 70 B0"), bench.now);
  bench.send(unit_1);
  CHECK(bench.counters.foreign_frames == 1);
  CHECK(bench.line.settle(bench.now).bytes == 0);
}

TEST_CASE("what is known of the echo lasts until the port is opened again") {
  Bench bench;
  const Request coils{1, Function::read_coils, 0x0301, 24};
  const auto twin = with_crc("01 01 03 01 00 18");
  bench.answered(unit_1, reply_1);  // without echo
  bench.answered(coils, twin);      // so this is a reply
  bench.line.opened(bench.now);
  bench.send(coils);
  bench.line.feed(twin, bench.now);
  CHECK(bench.line.finish(bench.now).has_error());
}
