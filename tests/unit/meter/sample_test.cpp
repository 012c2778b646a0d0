// The words for qualities, and when a poll counts as failed whole.
#include "drivers/meter/sample.hpp"

#include "tests/support/catch.hpp"

using namespace congto::meter;

namespace {

bool failed(std::vector<Quality> quality) {
  Sample sample;
  sample.quality = std::move(quality);
  return sample.failed_whole();
}

}  // namespace

TEST_CASE("qualities have the words of the contract") {
  CHECK(text(Quality::good) == "good");
  CHECK(text(Quality::timeout) == "timeout");
  CHECK(text(Quality::crc) == "crc");
  CHECK(text(Quality::bad_reply) == "bad-reply");
  CHECK(text(Quality::no_link) == "no-link");
  CHECK(text(Quality::not_available) == "not-available");
  CHECK(text(Quality::implausible) == "implausible");
  CHECK(text(Quality::unsupported) == "unsupported");
  CHECK(text(exception_quality(2)) == "exception-2");
  CHECK(text(exception_quality(239)) == "exception-239");
  CHECK(text(exception_quality(255)) == "exception-239");
  CHECK(text(static_cast<Quality>(9)) == "unknown-9");
}

TEST_CASE("a poll failed whole when all that was asked has one and the same reason") {
  CHECK(failed({Quality::timeout, Quality::timeout}));
  CHECK(failed({Quality::unsupported, Quality::timeout, Quality::unsupported}));
  CHECK_FALSE(failed({Quality::timeout, Quality::good}));
  CHECK_FALSE(failed({Quality::timeout, Quality::crc}));
  CHECK_FALSE(failed({Quality::good, Quality::good}));
  CHECK_FALSE(failed({Quality::unsupported, Quality::unsupported}));
  CHECK_FALSE(failed({}));
}
