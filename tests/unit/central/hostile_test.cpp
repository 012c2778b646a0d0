// What a box gone wrong may send must cost the centre neither its memory nor its time; and what the centre
// asks for must fit into what an agent takes.
#include "agent/central/hole_finder.hpp"
#include "agent/central/intake.hpp"
#include "agent/central/trouble_log.hpp"
#include "agent/contract/json_text.hpp"
#include "agent/contract/limits.hpp"
#include "agent/contract/meta_reader.hpp"
#include "agent/contract/request.hpp"
#include "agent/mqtt/client.hpp"
#include "tests/support/catch.hpp"

using namespace congto;
using namespace congto::central;
using namespace std::chrono_literals;

namespace {

const WallTime now = contract::from_unix_ms(1'795'853'902'001);

// Empty when the record is taken.
std::string refusal(const std::string& record) {
  const auto taken = take_in(
      {"congto/v1/edge-1/up/data",
       R"({"v":1,"agent":"edge-1","site":"plant","epoch":"00112233445566778899aabbccddeeff","sent":1,"meta":"m",)"
       R"("records":[)" +
           record + "]}",
       ""},
      now);
  const auto* const batch = std::get_if<std::unique_ptr<Batch>>(&taken.content);
  REQUIRE(batch != nullptr);
  return (*batch)->parsed.refused.empty() ? "" : (*batch)->parsed.refused[0].reason;
}

std::string meta(int meters, int points) {
  std::string text = R"({"v":1,"agent":"edge-1","site":"plant","id":"x","meters":[)";
  for (int i = 0; i < meters; ++i) {
    text += (i == 0 ? "" : ",") + (R"({"name":"m-)" + std::to_string(i)) +
            R"(","bus":"b","unit_id":1,"profile":"p","medium":"water","every":1000,"points":"p"})";
  }
  text += R"(],"points":{"p":{)";
  for (int i = 0; i < points; ++i) {
    text += (i == 0 ? "" : ",") + ("\"p" + std::to_string(i)) + R"(":{"unit":"W","kind":"gauge"})";
  }
  return text + "}}}";
}

}  // namespace

TEST_CASE("the largest request that the centre makes is one that an agent takes") {
  contract::Status status;
  std::vector<LedgerEntry> entries;
  constexpr auto top = static_cast<std::uint64_t>(contract::max_integer);
  RangeSet settled{{1, top - 1000}};
  for (std::uint64_t seq = top - 999; seq < top; seq += 2) settled.add({seq, seq});
  for (int i = 0; i < 300; ++i) {
    std::array<std::uint8_t, 16> bytes{1, static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8)};
    entries.push_back({EpochId(bytes), settled, top, {}, {}});
  }
  contract::DataRequest request;
  for (const auto& hole : find_holes(status, entries)) request.requests.push_back({hole.epoch, hole.ranges});
  request.metas.assign(contract::max_request_metas, std::string(contract::max_name_bytes, '\x01'));
  const auto text = contract::write(request);
  CHECK(contract::parse_request(text).has_value());
  CHECK(text.size() + 1000 < mqtt::Settings{}.max_packet_in);
}

TEST_CASE("a request that the database dates into the future does not keep the centre from asking") {
  contract::Status status;
  status.epoch = EpochId::random();
  status.last_seq = 9;
  CHECK(find_holes(status, {{status.epoch, {}, {}, -3600s, 120s}}).size() == 1);
  CHECK(find_holes(status, {{status.epoch, {}, {}, 3600s, 7200s}}).empty());
}

TEST_CASE("a backslash before u0000 makes a text of it, and a zero character stays one") {
  CHECK(refusal(R"({"seq":1,"event":"odd","text":"\\u0000"})") == "");
  CHECK(refusal(R"({"seq":1,"event":"odd","text":"\\\\u0000"})") == "");
  CHECK(refusal(R"({"seq":1,"event":"odd","text":"\u0000"})").find("zero character") != std::string::npos);
  CHECK(refusal(R"({"seq":1,"event":"odd","text":"\\u0000 \\\u0000"})").find("zero") != std::string::npos);
}

TEST_CASE("numbers that the database could not hold are refused, wherever they stand") {
  CHECK(refusal(R"({"seq":1,"event":"odd","number":1e308})") == "");
  CHECK(refusal(R"({"seq":1,"event":"odd","number":1234567890123456789012345678901234567890})") == "");
  for (const char* const number : {"1e999999", "[1,{\"a\":-1E999999}]"}) {
    const auto reason = refusal(R"({"seq":1,"event":"odd","number":)" + std::string(number) + "}");
    INFO(number << " " << reason);
    CHECK(reason.find("double's range") != std::string::npos);
  }
  CHECK(refusal(R"({"seq":1,"event":"odd","number":)" + std::string(200'000, '9') + "}") != "");
}

TEST_CASE("a layout of more points than any site has is refused before they are made") {
  CHECK(contract::parse_meta(meta(100, 1000)).has_value());
  const auto parsed = contract::parse_meta(meta(2'000, 2'000));
  REQUIRE_FALSE(parsed.has_value());
  CHECK(parsed.error().message.find("more than 100000 points") != std::string::npos);
}

TEST_CASE("a text that an agent chose is short in the log") {
  TroubleLog log;
  CHECK(log.add(std::string(1'000'000, 'x'), BootTime{1h}).size() <= TroubleLog::longest);
  CHECK(log.add(std::string(1'000'000, 'x'), BootTime{1h}).empty());
}
