// Epoch ids: their hex form, and that two are never the same.
#include "drivers/core/epoch.hpp"

#include <set>
#include <string>

#include "tests/support/catch.hpp"

using congto::EpochId;
using congto::RecordId;

TEST_CASE("an epoch id is written as 32 lower-case hex digits and read back") {
  const std::string text = "00112233445566778899aabbccddeeff";
  const auto epoch = EpochId::parse(text);
  REQUIRE(epoch);
  CHECK(epoch->text() == text);
  CHECK(epoch->bytes()[0] == 0x00);
  CHECK(epoch->bytes()[1] == 0x11);
  CHECK(epoch->bytes()[15] == 0xff);
}

TEST_CASE("only exactly that form is an epoch id") {
  const std::string text =
      GENERATE("", "00112233445566778899aabbccddeef", "00112233445566778899aabbccddeeff0",
               "00112233445566778899AABBCCDDEEFF", "0011223344556677-8899aabbccddee",
               "0x112233445566778899aabbccddeeff", "g0112233445566778899aabbccddeeff");
  CAPTURE(text);
  CHECK_FALSE(EpochId::parse(text));
}

TEST_CASE("random epoch ids differ, and survive their text") {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const EpochId epoch = EpochId::random();
    CHECK(seen.insert(epoch.text()).second);
    CHECK(EpochId::parse(epoch.text()) == epoch);
  }
}

TEST_CASE("the epoch id that is none is all zeros") {
  CHECK(EpochId().text() == std::string(32, '0'));
  CHECK(EpochId() != EpochId::random());
}

TEST_CASE("records are ordered by number within an epoch") {
  const EpochId epoch = EpochId::random();
  CHECK(RecordId{epoch, 1} < RecordId{epoch, 2});
  CHECK(RecordId{epoch, 2} == RecordId{epoch, 2});
}
