// One RTU exchange: what counts as the reply, and what is skipped.
#include "drivers/modbus/rtu_exchange.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/rtu_bytes.hpp"

using congto::BootTime;
using congto::test::hex_bytes;
using congto::test::with_crc;
using namespace congto::modbus;
using namespace std::chrono_literals;

namespace {

// Unit 1, function 4, two registers from 0: "01 04 00 00 00 02 71 CB".
const Request voltage{1, Function::read_input_registers, 0, 2};
const char* const good_reply = "01 04 04 43 66 33 34 1B 38";
const std::vector<std::uint16_t> good_words = {0x4366, 0x3334};

struct Line {
  explicit Line(Echo echo = Echo::unknown, const Request& request = voltage) {
    exchange.begin(request, echo);
  }

  void hears(const std::vector<std::uint8_t>& bytes) {
    now += 10ms;
    exchange.feed(bytes, now);
  }
  void hears(const char* hex) { hears(hex_bytes(hex)); }
  Exchanged<Reply> finish() { return exchange.finish(sent); }

  BootTime sent{100s};
  BootTime now = sent;
  RtuExchange exchange;
};

}  // namespace

TEST_CASE("the reply ends the exchange with its words and times") {
  Line line;
  CHECK(std::vector<std::uint8_t>(line.exchange.frame().begin(), line.exchange.frame().end()) ==
        hex_bytes("01 04 00 00 00 02 71 CB"));
  CHECK_FALSE(line.exchange.done());
  line.hears("01 04 04 43 66");
  CHECK_FALSE(line.exchange.done());
  line.hears("33 34 1B 38");
  REQUIRE(line.exchange.done());
  const auto reply = line.finish();
  REQUIRE(reply.has_value());
  CHECK(reply->words == good_words);
  CHECK(reply->last_byte == line.now);
  CHECK(reply->took == 20ms);
  CHECK(line.exchange.stray_bytes() == 0);
}

TEST_CASE("a reply that arrived before the request can have left took no time") {
  Line line;
  line.hears(good_reply);
  CHECK(line.exchange.finish(line.now + 5ms)->took == 0us);
}

TEST_CASE("an exception reply counts when the line was silent behind it for 20 ms") {
  Line line;
  line.hears(with_crc("01 84 02"));
  CHECK_FALSE(line.exchange.done());
  CHECK(line.exchange.garbage_ends() == line.now + 20ms);
  const auto outcome = line.finish();
  REQUIRE(outcome.has_error());
  CHECK(outcome.error().word() == "exception-2");
}

TEST_CASE("glitch bytes around a reply are skipped and counted") {
  Line line;
  line.hears("00 01 04 04 43 66 33 34 1B 38 00");
  REQUIRE(line.exchange.done());
  CHECK(line.finish()->words == good_words);
  CHECK(line.exchange.stray_bytes() == 2);
}

TEST_CASE("a glitch that looks like the beginning of the reply is skipped") {
  for (const char* glitch : {"01", "01 04", "01 04 04", "01 01", "01 01 04", "01 04 01 04"}) {
    Line line;
    line.hears(glitch);
    line.hears(good_reply);
    const auto reply = line.finish();
    CAPTURE(glitch);
    REQUIRE(reply.has_value());
    CHECK(reply->words == good_words);
  }
}

TEST_CASE("a reply of another unit is skipped and counted") {
  Line line;
  line.hears(with_crc("02 04 04 11 22 33 44"));
  CHECK_FALSE(line.exchange.done());
  CHECK_FALSE(line.exchange.garbage_ends());
  line.hears(good_reply);
  REQUIRE(line.exchange.done());
  CHECK(line.finish()->words == good_words);
  CHECK(line.exchange.stray_bytes() == 9);
}

TEST_CASE("a late reply of another length is skipped, and waiting goes on") {
  Line line;
  line.hears(with_crc("01 04 08 11 22 33 44 55 66 77 88"));
  CHECK_FALSE(line.exchange.done());
  CHECK_FALSE(line.exchange.garbage_ends());
  line.hears(good_reply);
  CHECK(line.finish()->words == good_words);
  CHECK(line.exchange.stray_bytes() == 13);
}

TEST_CASE("nothing but a frame of another length is a bad reply at the deadline") {
  Line line;
  line.hears(with_crc("01 04 02 11 22"));
  CHECK_FALSE(line.exchange.done());
  CHECK(line.finish().error().kind == FailureKind::bad_reply);
  CHECK(line.exchange.stray_bytes() == 7);
}

TEST_CASE("an exception with code 0 is a bad reply") {
  Line line;
  line.hears(with_crc("01 84 00"));
  CHECK_FALSE(line.exchange.done());
  CHECK(line.finish().error().kind == FailureKind::bad_reply);
}

TEST_CASE("silence and other units' frames are a timeout") {
  Line silent;
  CHECK(silent.finish().error().kind == FailureKind::timeout);
  Line others;
  others.hears(with_crc("02 04 04 11 22 33 44"));
  const auto outcome = others.finish();
  CHECK(outcome.error().kind == FailureKind::timeout);
  CHECK(outcome.error().detail == "unit 1 did not answer in time; 9 bytes came that are not its reply");
}

TEST_CASE("a damaged reply ends when the line has been silent for 20 ms") {
  Line line;
  CHECK_FALSE(line.exchange.garbage_ends());
  line.hears("01 04 04 43 66 33 35 1B 38");
  CHECK_FALSE(line.exchange.done());
  CHECK(line.exchange.garbage_ends() == line.now + 20ms);
  const auto outcome = line.finish();
  CHECK(outcome.error().kind == FailureKind::crc);
  CHECK(outcome.error().detail == "unit 1: CRC wrong: got 1B 38, computed DA F8");
}

TEST_CASE("a good reply behind a damaged one counts") {
  Line line;
  line.hears("01 04 04 43 66 33 35 1B 38");
  line.hears("01 04 04");
  CHECK_FALSE(line.exchange.garbage_ends());  // the next frame has begun
  line.hears("43 66 33 34 1B 38");
  REQUIRE(line.exchange.done());
  CHECK(line.finish()->words == good_words);
}

TEST_CASE("a reply that was cut short is damaged at the deadline, not before") {
  Line line;
  line.hears("01 04 04 43 66");
  CHECK_FALSE(line.exchange.garbage_ends());
  const auto outcome = line.finish();
  CHECK(outcome.error().kind == FailureKind::crc);
  CHECK(outcome.error().detail == "unit 1: cut short: 5 of 9 bytes");
}

TEST_CASE("an exception behind other units' bytes counts too") {
  Line line;
  line.hears(with_crc("02 04 04 11 22 33 44"));
  line.hears(with_crc("01 84 06"));
  CHECK(line.finish().error().word() == "exception-6");
  CHECK(line.exchange.stray_bytes() == 9);
}

TEST_CASE("an exception with more than a glitch behind it is taken for data of something else") {
  for (const char* more : {"55 00", "00 55", "00 00 00 00 00"}) {
    Line line;
    line.hears(with_crc("01 84 06"));
    CHECK(line.exchange.garbage_ends());
    line.hears(more);
    CAPTURE(more);
    CHECK_FALSE(line.exchange.garbage_ends());
    CHECK(line.finish().error().kind == FailureKind::bad_reply);
  }
}

TEST_CASE("an exception is believed with up to four bytes of a floating line behind it") {
  for (const char* glitch : {"55", "00 00", "FF FF FF", "00 FF 00 FF"}) {
    Line line;
    line.hears(with_crc("01 84 06"));
    line.hears(glitch);
    CAPTURE(glitch);
    CHECK(line.exchange.garbage_ends() == line.now + 20ms);
    CHECK(line.finish().error().word() == "exception-6");
  }
}

TEST_CASE("an exception inside the remains of a reply is not believed") {
  Line line;
  line.hears("01 04 04");
  line.hears(with_crc("01 84 06"));
  const auto outcome = line.finish();
  CHECK(outcome.error().kind == FailureKind::crc);
  CHECK(outcome.error().detail == "unit 1: cut short: 8 of 9 bytes");
}

TEST_CASE("the echo of the request is stripped and remembered") {
  Line line;
  line.hears("01 04 00 00");
  line.hears("00 02 71 CB");
  CHECK_FALSE(line.exchange.done());
  line.hears(good_reply);
  CHECK(line.finish()->words == good_words);
  CHECK(line.exchange.stray_bytes() == 0);
  CHECK(line.exchange.echo() == Echo::yes);
}

TEST_CASE("a line that answers without echo is remembered as free of it") {
  Line line;
  line.hears(good_reply);
  CHECK(line.finish().has_value());
  CHECK(line.exchange.echo() == Echo::no);
}

TEST_CASE("an echo on a line that was thought free of it is still no reply") {
  Line line(Echo::no);
  line.hears("01 04 00 00 00 02 71 CB");
  line.hears(good_reply);
  CHECK(line.finish()->words == good_words);
  CHECK(line.exchange.stray_bytes() == 0);
  CHECK(line.exchange.echo() == Echo::yes);
}

TEST_CASE("the echo alone is a timeout") {
  Line line;
  line.hears("01 04 00 00 00 02 71 CB");
  CHECK(line.finish().error().kind == FailureKind::timeout);
}

TEST_CASE("an echo that is one byte off is not stripped but skipped") {
  Line line;
  line.hears("01 04 00 00 00 03 B0 0B");
  line.hears(good_reply);
  CHECK(line.finish()->words == good_words);
  CHECK(line.exchange.stray_bytes() == 8);
}

TEST_CASE("a coil reply equal to its request counts only on a line free of echo") {
  // 24 coils from 0x0301: the reply "01 01 03 01 00 18" repeats the request byte for byte.
  const Request coils{1, Function::read_coils, 0x0301, 24};
  const auto twin = with_crc("01 01 03 01 00 18");
  Line unknown(Echo::unknown, coils);
  unknown.hears(twin);
  CHECK(unknown.finish().error().kind == FailureKind::timeout);
  CHECK(unknown.exchange.echo() == Echo::unknown);

  Line echoing(Echo::yes, coils);
  echoing.hears(twin);
  CHECK_FALSE(echoing.exchange.done());
  echoing.hears(twin);
  CHECK(echoing.finish().has_value());

  Line free(Echo::no, coils);
  free.hears(twin);
  CHECK(free.finish()->words.at(0) == 1);
}

TEST_CASE("an exchange begins without anything of the one before") {
  Line line;
  line.hears("01 04 04 43 66");
  CHECK(line.finish().has_error());
  line.exchange.begin(voltage, line.exchange.echo());
  line.hears("33 34 1B 38");
  CHECK(line.finish().error().kind == FailureKind::timeout);
}

TEST_CASE("endless noise takes bounded memory") {
  Line line;
  const std::vector<std::uint8_t> noise(1000, 0x55);
  for (int i = 0; i < 100; ++i) line.hears(noise);
  CHECK(line.finish().error().kind == FailureKind::timeout);
  CHECK(line.exchange.stray_bytes() == 100'000);
  CHECK(line.exchange.stray().size() == 32 * 1024);
}
