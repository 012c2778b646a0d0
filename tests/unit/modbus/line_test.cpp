// Character times and silences of serial lines.
#include "drivers/modbus/line.hpp"

#include "tests/support/catch.hpp"

using namespace congto::modbus;
using namespace std::chrono_literals;

TEST_CASE("a character has a start bit, eight data bits, the parity bit and the stop bits") {
  CHECK(bits_per_character({9600, Parity::none, 1}) == 10);
  CHECK(bits_per_character({9600, Parity::even, 1}) == 11);
  CHECK(bits_per_character({9600, Parity::odd, 2}) == 12);
  CHECK(character_time({9600, Parity::none, 1}) == 1'041'667ns);
  CHECK(character_time({1, Parity::none, 1}) == 10s);
}

TEST_CASE("the silence is 3.5 characters up to 19200 baud") {
  CHECK(silence_time({1200, Parity::none, 1}) == 29'167us);
  CHECK(silence_time({9600, Parity::none, 1}) == 3'646us);
  CHECK(silence_time({9600, Parity::even, 1}) == 4'011us);
  CHECK(silence_time({19'200, Parity::none, 1}) == 1'823us);
  CHECK(silence_time({19'200, Parity::even, 1}) == 2'006us);
}

TEST_CASE("above 19200 baud the silence is fixed at 1.75 ms") {
  CHECK(silence_time({19'201, Parity::none, 1}) == 1'750us);
  CHECK(silence_time({38'400, Parity::even, 1}) == 1'750us);
  CHECK(silence_time({115'200, Parity::none, 2}) == 1'750us);
}

TEST_CASE("settings are written the way technicians write them") {
  CHECK(text(SerialSettings{9600, Parity::none, 1}) == "9600 8N1");
  CHECK(text(SerialSettings{19'200, Parity::even, 1}) == "19200 8E1");
  CHECK(text(SerialSettings{1200, Parity::odd, 2}) == "1200 8O2");
}
