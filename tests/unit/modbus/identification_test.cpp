// What units say they are.
#include "drivers/modbus/identification.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/hex_bytes.hpp"

using namespace congto::modbus;

namespace {

std::vector<std::uint16_t> words(const char* hex) {
  const auto bytes = congto::test::hex_bytes(hex);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

TEST_CASE("a server id has an id, a run indicator and a text") {
  const auto found = parse_server_id(words("07 0B FF 20 41 42 00 43"));
  REQUIRE(found.has_value());
  CHECK(found->id == 11);
  CHECK(found->running == true);
  CHECK(found->text == "ABC");
}

TEST_CASE("a server id without run indicator or text is one too") {
  CHECK(parse_server_id(words("01 0B"))->running == std::nullopt);
  CHECK(parse_server_id(words("02 0B 00"))->running == false);
  const auto text = parse_server_id(words("03 0B 41 42"));
  CHECK(text->running == std::nullopt);
  CHECK(text->text == "AB");
}

TEST_CASE("a server id that does not fill its reply is refused") {
  CHECK(parse_server_id(words("")).has_error());
  CHECK(parse_server_id(words("00")).has_error());
  CHECK(parse_server_id(words("03 0B FF")).has_error());
  CHECK(parse_server_id(words("01 0B FF")).has_error());
}

TEST_CASE("a device identification gives vendor, product and revision") {
  const auto found =
      parse_device_identification(words("0E 01 01 00 00 03 00 04 41 63 6D 65 01 02 58 31 02 03 31 2E 32"));
  REQUIRE(found.has_value());
  CHECK(found->vendor == "Acme");
  CHECK(found->product == "X1");
  CHECK(found->revision == "1.2");
  CHECK(found->more_objects.empty());
  CHECK_FALSE(found->next_object);
}

TEST_CASE("what does not fit one reply is to be asked for from the object it names") {
  const auto found = parse_device_identification(words("0E 01 01 FF 02 01 80 02 41 20"));
  REQUIRE(found.has_value());
  CHECK(found->next_object == 2);
  CHECK(found->more_objects.at(0x80) == "A");
  CHECK(device_identification_request(5, *found->next_object) ==
        Request{5, Function::read_device_identification, 2, 1});
}

TEST_CASE("a device identification that is cut short is refused") {
  const auto whole = words("0E 01 01 00 00 02 00 02 41 42 01 01 43");
  REQUIRE(parse_device_identification(whole).has_value());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CHECK(parse_device_identification(std::span(whole).first(length)).has_error());
  }
}

TEST_CASE("the requests are the two identification functions") {
  CHECK(server_id_request(9) == Request{9, Function::report_server_id, 0, 1});
  CHECK(device_identification_request(9) == Request{9, Function::read_device_identification, 0, 1});
}
