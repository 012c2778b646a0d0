// Every fault at every byte of RTU exchanges: no wrong reply is ever accepted, and a good one behind it still
// is.
#include <functional>

#include "drivers/modbus/rtu_exchange.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/rtu_bytes.hpp"

using congto::BootTime;
using congto::test::hex_bytes;
using congto::test::with_crc;
using namespace congto::modbus;
using namespace std::chrono_literals;

namespace {

using Bytes = std::vector<std::uint8_t>;

struct Scenario {
  Request request;
  Bytes reply;
  std::vector<std::uint16_t> words;  // empty: an exception
};

std::vector<Scenario> scenarios() {
  return {
      {{1, Function::read_input_registers, 0, 2}, hex_bytes("01 04 04 43 66 33 34 1B 38"), {0x4366, 0x3334}},
      {{1, Function::read_holding_registers, 0, 1}, with_crc(hex_bytes("01 03 02 01 03")), {0x0103}},
      {{3, Function::read_coils, 0, 3}, with_crc(hex_bytes("03 01 01 05")), {1, 0, 1}},
      // Data that looks like frames of the unit itself.
      {{1, Function::read_holding_registers, 7, 4},
       with_crc(hex_bytes("01 03 08 01 03 08 01 83 02 C0 F1")),
       {0x0103, 0x0801, 0x8302, 0xC0F1}},
      {{17, Function::report_server_id, 0, 1}, with_crc(hex_bytes("11 11 02 0B FF")), {2, 0x0B, 0xFF}},
      {{5, Function::read_device_identification, 0, 1},
       with_crc(hex_bytes("05 2B 0E 01 01 00 00 01 00 02 41 42")),
       {0x0E, 1, 1, 0, 0, 1, 0, 2, 0x41, 0x42}},
      {{1, Function::read_input_registers, 0, 2}, with_crc(hex_bytes("01 84 02")), {}},
  };
}

// What the exchange makes of these pieces, in this order, and then silence to the deadline.
Exchanged<Reply> outcome_of(const Scenario& scenario, const std::vector<Bytes>& pieces,
                            Echo echo = Echo::no) {
  RtuExchange exchange;
  exchange.begin(scenario.request, echo);
  BootTime now{100s};
  for (const Bytes& piece : pieces) {
    now += 1ms;
    exchange.feed(piece, now);
  }
  return exchange.finish(BootTime{100s});
}

bool is_right(const Scenario& scenario, const Exchanged<Reply>& outcome) {
  if (scenario.words.empty()) return outcome.has_error() && outcome.error().word() == "exception-2";
  return outcome.has_value() && outcome->words == scenario.words;
}

bool is_accepted(const Exchanged<Reply>& outcome) {
  return outcome.has_value() || outcome.error().kind == FailureKind::exception;
}

Bytes joined(const Bytes& a, const Bytes& b) {
  Bytes both = a;
  both.insert(both.end(), b.begin(), b.end());
  return both;
}

}  // namespace

TEST_CASE("a reply split at any byte is accepted") {
  for (const Scenario& scenario : scenarios()) {
    const auto& reply = scenario.reply;
    for (auto at = reply.begin(); at != reply.end(); ++at) {
      CHECK(is_right(scenario, outcome_of(scenario, {Bytes(reply.begin(), at), Bytes(at, reply.end())})));
    }
    std::vector<Bytes> single;
    for (const auto byte : reply) single.push_back(Bytes(1, byte));
    CHECK(is_right(scenario, outcome_of(scenario, single)));
  }
}

TEST_CASE("a reply cut at any byte is never accepted, and is when it comes again") {
  for (const Scenario& scenario : scenarios()) {
    for (std::size_t length = 0; length < scenario.reply.size(); ++length) {
      const Bytes cut(scenario.reply.begin(), scenario.reply.begin() + static_cast<std::ptrdiff_t>(length));
      CHECK_FALSE(is_accepted(outcome_of(scenario, {cut})));
      const auto again = outcome_of(scenario, {cut, scenario.reply});
      CHECK(is_right(scenario, again));
    }
  }
}

TEST_CASE("a reply with any byte damaged in any way is never accepted") {
  for (const Scenario& scenario : scenarios()) {
    for (std::size_t at = 0; at < scenario.reply.size(); ++at) {
      for (unsigned flip = 1; flip < 256; ++flip) {
        Bytes damaged = scenario.reply;
        damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ flip);
        if (is_accepted(outcome_of(scenario, {damaged}))) FAIL("byte " << at << " xor " << flip);
        if (!is_right(scenario, outcome_of(scenario, {damaged, scenario.reply}))) {
          FAIL("the good reply behind byte " << at << " xor " << flip);
        }
      }
    }
  }
}

TEST_CASE("a reply with a burst over two bytes is never accepted") {
  for (const Scenario& scenario : scenarios()) {
    for (std::size_t at = 0; at + 1 < scenario.reply.size(); ++at) {
      for (unsigned flip = 1; flip < 0x10000; flip += 7) {
        Bytes damaged = scenario.reply;
        damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ (flip >> 8));
        damaged[at + 1] = static_cast<std::uint8_t>(damaged[at + 1] ^ (flip & 0xFF));
        if (is_accepted(outcome_of(scenario, {damaged}))) FAIL("bytes " << at << " xor " << flip);
      }
    }
  }
}

TEST_CASE("a lost byte anywhere is never accepted, an inserted one never gives wrong words") {
  for (const Scenario& scenario : scenarios()) {
    for (std::size_t at = 0; at < scenario.reply.size(); ++at) {
      Bytes lost = scenario.reply;
      lost.erase(lost.begin() + static_cast<std::ptrdiff_t>(at));
      CHECK_FALSE(is_accepted(outcome_of(scenario, {lost})));
      for (const unsigned byte : {0x00u, 0xFFu, 0x55u, static_cast<unsigned>(scenario.reply[at])}) {
        Bytes more = scenario.reply;
        more.insert(more.begin() + static_cast<std::ptrdiff_t>(at), static_cast<std::uint8_t>(byte));
        const auto outcome = outcome_of(scenario, {more});
        CHECK((!is_accepted(outcome) || is_right(scenario, outcome)));
      }
    }
  }
}

TEST_CASE("any other frame before the reply does not hide it") {
  const std::vector<Bytes> others = {
      with_crc(hex_bytes("02 04 04 11 22 33 44")),              // another unit
      with_crc(hex_bytes("01 04 08 11 22 33 44 55 66 77 88")),  // another length
      with_crc(hex_bytes("01 02 01 05")),                       // another function
      with_crc(hex_bytes("09 03 00 00 00 02")),                 // another master's request
      hex_bytes("00"),
      hex_bytes("FF FF FF"),
  };
  for (const Scenario& scenario : scenarios()) {
    for (const Bytes& other : others) {
      CHECK(is_right(scenario, outcome_of(scenario, {joined(other, scenario.reply)})));
      CHECK(is_right(scenario, outcome_of(scenario, {other, scenario.reply})));
      CHECK_FALSE(is_accepted(outcome_of(scenario, {other})));
    }
  }
}

TEST_CASE("the echo before the reply does not hide it, cut at any byte neither") {
  for (const Scenario& scenario : scenarios()) {
    RtuExchange exchange;
    exchange.begin(scenario.request, Echo::unknown);
    const Bytes echo(exchange.frame().begin(), exchange.frame().end());
    for (const Echo known : {Echo::unknown, Echo::yes, Echo::no}) {
      CHECK(is_right(scenario, outcome_of(scenario, {joined(echo, scenario.reply)}, known)));
      for (std::size_t length = 0; length < echo.size(); ++length) {
        const Bytes cut(echo.begin(), echo.begin() + static_cast<std::ptrdiff_t>(length));
        CHECK(is_right(scenario, outcome_of(scenario, {cut, scenario.reply}, known)));
        CHECK_FALSE(is_accepted(outcome_of(scenario, {cut}, known)));
      }
    }
  }
}

TEST_CASE("a reply to any other request of the same unit is never accepted where its shape differs") {
  const Request asked{1, Function::read_input_registers, 0, 2};
  for (std::uint16_t count = 1; count <= 125; ++count) {
    if (count == asked.count) continue;
    Bytes frame = {1, 4, static_cast<std::uint8_t>(2 * count)};
    frame.resize(3u + 2u * count, 0x04);
    CHECK_FALSE(is_accepted(outcome_of({asked, {}, {}}, {with_crc(frame)})));
  }
}
