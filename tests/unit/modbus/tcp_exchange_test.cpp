// One Modbus TCP exchange: what counts as the reply, what is read past, and when the connection is of no use.
#include "drivers/modbus/tcp_exchange.hpp"

#include <stdexcept>
#include <string>

#include "drivers/modbus/tcp_frame.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hex_bytes.hpp"

using congto::BootTime;
using congto::test::hex_bytes;
using namespace congto::modbus;
using namespace std::chrono_literals;

namespace {

const Request request{7, Function::read_holding_registers, 0x10, 2};
// Transaction 0x1234, unit 7.
const std::string good_reply = "12 34 00 00 00 07 07 03 04 00 0A 01 02";
const std::vector<std::uint16_t> good_words = {0x000A, 0x0102};

struct Connection {
  Connection() {
    exchange.begin(request, 0x1234);
    exchange.sent(now);
  }
  void receives(const std::vector<std::uint8_t>& bytes) {
    now += 10ms;
    exchange.feed(bytes, now);
  }
  void receives(const std::string& hex) { receives(hex_bytes(hex)); }
  Exchanged<Reply> finish() { return exchange.finish(now); }

  TcpExchange exchange;
  BootTime now{100s};
};

}  // namespace

TEST_CASE("a TCP request has its id, protocol 0, length and unit") {
  std::vector<std::uint8_t> bytes;
  append_tcp_request(0xFFFE, {255, Function::read_coils, 1, 9}, bytes);
  CHECK(bytes == hex_bytes("FF FE 00 00 00 06 FF 01 00 01 00 09"));
  bytes.clear();
  append_tcp_request(1, {0, Function::report_server_id, 0, 1}, bytes);
  CHECK(bytes == hex_bytes("00 01 00 00 00 02 00 11"));
}

TEST_CASE("no TCP request has another function than the six reading functions") {
  for (unsigned code = 0; code < 256; ++code) {
    std::vector<std::uint8_t> bytes;
    const Request any{1, static_cast<Function>(code), 0, 1};
    if (objection(any)) {
      CHECK_THROWS_AS(append_tcp_request(1, any, bytes), std::invalid_argument);
      CHECK(bytes.empty());
    } else {
      append_tcp_request(1, any, bytes);
      CHECK((code == 1 || code == 2 || code == 3 || code == 4 || code == 17 || code == 43));
      CHECK(bytes.at(7) == code);
    }
  }
}

TEST_CASE("the TCP reply ends the exchange with its words and times") {
  Connection connection;
  connection.receives("12 34 00 00 00 07 07 03 04");
  CHECK_FALSE(connection.exchange.done());
  connection.receives("00 0A 01 02");
  REQUIRE(connection.exchange.done());
  const auto reply = connection.finish();
  CHECK(reply->words == good_words);
  CHECK(reply->took == 20ms);
  CHECK(reply->last_byte == connection.now);
  CHECK_FALSE(connection.exchange.must_reconnect());
}

TEST_CASE("a frame with another transaction id is read past and counted") {
  Connection connection;
  connection.receives("12 33 00 00 00 07 07 03 04 FF FF FF FF 12 34 00 00 00 07 07 03 04 00 0A 01 02");
  CHECK(connection.finish()->words == good_words);
  CHECK(connection.exchange.stale_bytes() == 13);
  CHECK_FALSE(connection.exchange.must_reconnect());
}

TEST_CASE("after a timeout the connection is given up") {
  Connection connection;
  connection.receives("12 33 00 00 00 07 07 03 04 FF FF FF FF");
  CHECK_FALSE(connection.exchange.done());
  const auto outcome = connection.finish();
  CHECK(outcome.error().kind == FailureKind::timeout);
  CHECK(outcome.error().detail ==
        "unit 7 did not answer in time; 13 bytes of frames with another transaction id came");
  CHECK(connection.exchange.must_reconnect());
}

TEST_CASE("a TCP exception reply is a failure with its code, and the connection stays") {
  Connection connection;
  connection.receives("12 34 00 00 00 03 07 83 0B");
  CHECK(connection.finish().error().word() == "exception-11");
  CHECK_FALSE(connection.exchange.must_reconnect());
}

TEST_CASE("the right transaction of another unit is a bad reply") {
  Connection connection;
  connection.receives("12 34 00 00 00 07 08 03 04 00 0A 01 02");
  CHECK(connection.finish().error().kind == FailureKind::bad_reply);
  CHECK_FALSE(connection.exchange.must_reconnect());
}

TEST_CASE("a reply whose length, byte count or function differs is a bad reply") {
  for (const char* hex :
       {"12 34 00 00 00 05 07 03 02 00 0A", "12 34 00 00 00 07 07 03 02 00 0A 01 02",
        "12 34 00 00 00 09 07 03 04 00 0A 01 02 00 00", "12 34 00 00 00 07 07 04 04 00 0A 01 02",
        "12 34 00 00 00 03 07 83 00", "12 34 00 00 00 07 07 83 04 00 0A 01 02"}) {
    Connection connection;
    connection.receives(hex);
    CAPTURE(hex);
    REQUIRE(connection.exchange.done());
    CHECK(connection.finish().error().kind == FailureKind::bad_reply);
  }
}

TEST_CASE("what is no Modbus TCP frame is a bad reply and ends the connection") {
  for (const char* hex : {"12 34 00 01 00 07 07", "12 34 00 00 00 02 07", "12 34 00 00 00 00 07",
                          "12 34 00 00 00 FF 07", "12 34 00 00 01 00 07", "48 54 54 50 2F 31 2E"}) {
    Connection connection;
    connection.receives(hex);
    CAPTURE(hex);
    REQUIRE(connection.exchange.done());
    CHECK(connection.finish().error().kind == FailureKind::bad_reply);
    CHECK(connection.exchange.must_reconnect());
  }
}

TEST_CASE("the longest frame is accepted") {
  TcpExchange exchange;
  exchange.begin({1, Function::read_coils, 0, 2000}, 9);
  auto reply = hex_bytes("00 09 00 00 00 FD 01 01 FA");
  reply.resize(9 + 250, 0xFF);
  exchange.feed(reply, BootTime{1s});
  REQUIRE(exchange.done());
  CHECK(exchange.finish(BootTime{1s})->words.size() == 2000);
}

TEST_CASE("bytes behind the reply end the connection unless they are whole frames") {
  Connection whole;
  whole.receives(good_reply + "12 33 00 00 00 03 07 83 02");
  CHECK(whole.finish().has_value());
  CHECK(whole.exchange.stale_bytes() == 9);
  CHECK_FALSE(whole.exchange.must_reconnect());
  Connection part;
  part.receives(good_reply + "12 33");
  CHECK(part.finish().has_value());
  CHECK(part.exchange.must_reconnect());
}

TEST_CASE("a TCP reply cut or split anywhere is accepted only when it is whole") {
  const auto reply = hex_bytes(good_reply);
  for (auto at = reply.begin(); at != reply.end(); ++at) {
    Connection cut;
    cut.receives(std::vector<std::uint8_t>(reply.begin(), at));
    CHECK_FALSE(cut.exchange.done());
    CHECK(cut.finish().error().kind == FailureKind::timeout);
    Connection split;
    split.receives(std::vector<std::uint8_t>(reply.begin(), at));
    split.receives(std::vector<std::uint8_t>(at, reply.end()));
    CHECK(split.finish()->words == good_words);
  }
}

TEST_CASE("a TCP reply with any byte of its head damaged in any way is never accepted") {
  const auto reply = hex_bytes(good_reply);
  constexpr std::size_t head = 9;  // up to the byte count; data are TCP's to protect
  for (std::size_t at = 0; at < head; ++at) {
    for (unsigned flip = 1; flip < 256; ++flip) {
      auto damaged = reply;
      damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ flip);
      Connection connection;
      connection.receives(damaged);
      const auto outcome = connection.finish();
      if (outcome.has_value() || outcome.error().kind == FailureKind::exception) {
        FAIL("byte " << at << " xor " << flip);
      }
    }
  }
}
