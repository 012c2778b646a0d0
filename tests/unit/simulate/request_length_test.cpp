// Where a request on a line ends.
#include "agent/simulate/request_length.hpp"

#include <vector>

#include "tests/support/catch.hpp"

using congto::simulate::rtu_request_length;
using Bytes = std::vector<std::uint8_t>;

TEST_CASE("reads are eight bytes long") {
  for (std::uint8_t function = 1; function <= 4; ++function)
    CHECK(rtu_request_length(Bytes{1, function}) == 8U);
}

TEST_CASE("identification requests and writes have their own lengths") {
  CHECK(rtu_request_length(Bytes{1, 17}) == 4U);
  CHECK(rtu_request_length(Bytes{1, 43}) == 7U);
  CHECK(rtu_request_length(Bytes{1, 6}) == 8U);
  CHECK(rtu_request_length(Bytes{1, 16, 0, 0, 0, 2, 4}) == 13U);
  CHECK_FALSE(rtu_request_length(Bytes{1, 16, 0, 0, 0, 2}).has_value());
}

TEST_CASE("too few bytes say nothing, an unknown function ends with the silence") {
  CHECK_FALSE(rtu_request_length(Bytes{}).has_value());
  CHECK_FALSE(rtu_request_length(Bytes{1}).has_value());
  CHECK(rtu_request_length(Bytes{1, 99}) == 0U);
}
