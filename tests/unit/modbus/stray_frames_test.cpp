// Frames among bytes that nobody asked for.
#include "drivers/modbus/stray_frames.hpp"

#include <random>

#include "tests/support/catch.hpp"
#include "tests/support/rtu_bytes.hpp"

using namespace congto::modbus;
using congto::test::hex_bytes;
using congto::test::with_crc;

TEST_CASE("a request and its reply are found between glitches") {
  const auto found = find_frames(hex_bytes("00 FF 0A 04 00 00 00 02 70 B0 00 01 04 04 43 66 33 34 1B 38 00"));
  REQUIRE(found.size() == 2);
  CHECK(found[0].unit == 10);
  CHECK(found[0].function == 4);
  CHECK_FALSE(found[0].reply_like);
  CHECK(found[0].bytes == 8);
  CHECK(found[1].unit == 1);
  CHECK(found[1].reply_like);
  CHECK(found[1].bytes == 9);
}

TEST_CASE("another master's other frames are known by their shape") {
  CHECK(find_frames(with_crc("05 83 02")).at(0).reply_like);
  CHECK_FALSE(find_frames(with_crc("05 06 00 01 00 03")).at(0).reply_like);
  CHECK_FALSE(find_frames(with_crc("05 10 00 01 00 02 04 00 0A 01 02")).at(0).reply_like);
  CHECK_FALSE(find_frames(with_crc("05 11")).at(0).reply_like);
  CHECK(find_frames(with_crc("05 11 03 AB FF 41")).at(0).reply_like);
  CHECK_FALSE(find_frames(with_crc("05 2B 0E 01 00")).at(0).reply_like);
  CHECK(find_frames(with_crc("05 2B 0E 01 01 00 00 01 00 02 41 42")).at(0).reply_like);
}

TEST_CASE("damaged and cut frames are not found") {
  CHECK(find_frames({}).empty());
  CHECK(find_frames(hex_bytes("01")).empty());
  CHECK(find_frames(hex_bytes("01 04 04 43 66 33 34 1B")).empty());
  CHECK(find_frames(hex_bytes("01 04 04 43 66 33 35 1B 38")).empty());
}

TEST_CASE("noise hardly ever looks like a frame") {
  std::mt19937 random(20260301);
  std::vector<std::uint8_t> noise(100'000);
  for (auto& byte : noise) byte = static_cast<std::uint8_t>(random());
  CHECK(find_frames(noise).size() <= 3);
}
