// Frames of real meters, from manuals and captures (tests/data/frames.csv): requests are encoded byte for
// byte as published, replies are accepted with their registers; the damaged ones are treated for what they
// are.
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "drivers/modbus/rtu_exchange.hpp"
#include "drivers/modbus/rtu_frame.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hex_bytes.hpp"

using congto::BootTime;
using congto::test::hex_bytes;
using namespace congto::modbus;

namespace {

using Row = std::map<std::string, std::string>;

// Comma-separated, with fields in double quotes where they hold commas.
std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else if (c != '\r') {
      fields.back() += c;
    }
  }
  return fields;
}

std::vector<Row> rows() {
  std::ifstream file(CONGTO_SOURCE_DIR "/tests/data/frames.csv");
  std::string line;
  std::getline(file, line);
  const auto names = fields_of(line);
  std::vector<Row> found;
  while (std::getline(file, line)) {
    const auto fields = fields_of(line);
    REQUIRE(fields.size() == names.size());
    Row row;
    for (std::size_t i = 0; i < names.size(); ++i) row[names[i]] = fields[i];
    found.push_back(std::move(row));
  }
  return found;
}

// The request as its own bytes say; where none is published, as the reply's head says.
Request request_of(const Row& row) {
  const auto bytes = hex_bytes(row.at("request_hex"));
  Request request;
  if (bytes.empty()) {
    request.unit = 1;
    request.function = Function::read_input_registers;
    request.at = static_cast<std::uint16_t>(std::stoi(row.at("start_address")));
    request.count = 2;
    return request;
  }
  request.unit = bytes[0];
  request.function = static_cast<Function>(bytes[1]);
  request.at = static_cast<std::uint16_t>(bytes[2] << 8 | bytes[3]);
  request.count = static_cast<std::uint16_t>(bytes[4] << 8 | bytes[5]);
  return request;
}

}  // namespace

TEST_CASE("all published frames are there") { CHECK(rows().size() == 12); }

TEST_CASE("requests are encoded as published") {
  for (const Row& row : rows()) {
    const auto published = hex_bytes(row.at("request_hex"));
    if (published.empty()) continue;
    CAPTURE(row.at("id"));
    std::vector<std::uint8_t> encoded;
    append_rtu_request(request_of(row), encoded);
    CHECK(encoded == published);
    CHECK(request_of(row).at == std::stoi(row.at("start_address")));
  }
}

TEST_CASE("published replies are accepted with their registers, damaged ones for what they are") {
  for (const Row& row : rows()) {
    CAPTURE(row.at("id"));
    const Request request = request_of(row);
    auto bytes = hex_bytes(row.at("reply_hex"));
    RtuExchange exchange;
    exchange.begin(request, Echo::unknown);
    exchange.feed(bytes, BootTime());
    if (row.at("reply_crc_ok") == "no") {
      CHECK_FALSE(exchange.done());
      CHECK(exchange.finish(BootTime()).error().kind == FailureKind::crc);
      continue;
    }
    REQUIRE(exchange.done());
    const auto reply = exchange.finish(BootTime());
    REQUIRE(reply.has_value());
    const bool glitches = row.at("reply_crc_ok") == "yes_after_trimming";
    CHECK(exchange.stray_bytes() == (glitches ? 2 : 0));
    const std::size_t data = glitches ? 4 : 3;
    std::vector<std::uint16_t> words;
    for (std::size_t i = 0; i < request.count; ++i) {
      words.push_back(static_cast<std::uint16_t>(bytes[data + 2 * i] << 8 | bytes[data + 2 * i + 1]));
    }
    CHECK(reply->words == words);
  }
}
