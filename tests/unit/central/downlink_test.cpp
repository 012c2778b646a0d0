// What is told to the agents, and that nothing of it gets lost while the broker takes no more.
#include "agent/central/downlink.hpp"

#include "agent/contract/ack.hpp"
#include "agent/contract/request.hpp"
#include "tests/support/catch.hpp"

using namespace congto;
using namespace congto::central;

namespace {

EpochId epoch(std::uint8_t number) {
  std::array<std::uint8_t, 16> bytes{};
  bytes[0] = number;
  return EpochId(bytes);
}
const WallTime now{std::chrono::milliseconds(1'795'853'902'001)};

struct Rig {
  std::size_t room = SIZE_MAX;
  std::vector<std::pair<std::string, std::string>> sent;
  Downlink downlink{"soc-trang", [this](const std::string& topic, std::string payload) {
                      if (sent.size() >= room) return false;
                      sent.emplace_back(topic, std::move(payload));
                      return true;
                    }};
  void settle(const std::string& agent, EpochId of, RangeSet ranges) {
    Outcome outcome;
    outcome.settled.push_back({agent, of, std::move(ranges)});
    downlink.add(outcome);
  }
};

}  // namespace

TEST_CASE("an acknowledgement tells the centre, the time, and all that is settled of the epoch") {
  Rig rig;
  rig.settle("edge-1", epoch(1), {{1, 480}, {500, 510}});
  rig.downlink.flush(now);
  REQUIRE(rig.sent.size() == 1);
  CHECK(rig.sent[0].first == "congto/v1/edge-1/down/ack");
  const auto ack = contract::parse_ack(rig.sent[0].second);
  REQUIRE(ack.has_value());
  CHECK(ack->centre == "soc-trang");
  CHECK(ack->now == now);
  REQUIRE(ack->acks.size() == 1);
  CHECK(ack->acks[0].epoch == epoch(1));
  CHECK(ack->acks[0].ranges == RangeSet{{1, 480}, {500, 510}});
  rig.downlink.flush(now);
  CHECK(rig.sent.size() == 1);
}

TEST_CASE("while the broker takes nothing, a newer acknowledgement replaces the older one of its epoch") {
  Rig rig;
  rig.room = 0;
  rig.settle("edge-1", epoch(1), {{1, 10}});
  rig.downlink.flush(now);
  rig.settle("edge-1", epoch(1), {{1, 20}});
  rig.settle("edge-1", epoch(2), {{1, 3}});
  rig.downlink.flush(now);
  CHECK(rig.downlink.waiting() == 1);
  rig.room = SIZE_MAX;
  rig.downlink.flush(now);
  REQUIRE(rig.sent.size() == 1);
  const auto ack = contract::parse_ack(rig.sent[0].second);
  REQUIRE(ack->acks.size() == 2);
  CHECK(ack->acks[0].ranges == RangeSet{{1, 20}});
}

TEST_CASE("a request does not take the place of another that was not yet sent") {
  Rig rig;
  rig.room = 0;
  Outcome outcome;
  outcome.answers.push_back({"edge-1", {}, {{{epoch(1), {{1, 9}}}}, {}}});
  outcome.answers.push_back({"edge-1", {}, {{{epoch(2), {{1, 5}}}}, {}}});
  rig.downlink.add(outcome);
  rig.downlink.flush(now);
  rig.room = SIZE_MAX;
  rig.downlink.flush(now);
  rig.downlink.flush(now);
  REQUIRE(rig.sent.size() == 3);
  for (const auto number : {std::uint8_t{1}, std::uint8_t{2}}) {
    const auto request = contract::parse_request(rig.sent[number].second);
    REQUIRE(request->requests.size() == 1);
    CHECK(request->requests[0].epoch == epoch(number));
  }
}

TEST_CASE(
    "a status is answered even when nothing is settled, and the request comes after the acknowledgement") {
  Rig rig;
  Outcome outcome;
  outcome.answers.push_back({"edge-1", {}, {{{epoch(1), {{1, 9}}}}, {"layout"}}});
  outcome.answers.push_back({"edge-2", {}, {}});
  rig.downlink.add(outcome);
  rig.downlink.flush(now);
  REQUIRE(rig.sent.size() == 3);
  CHECK(contract::parse_ack(rig.sent[0].second)->acks.empty());
  CHECK(rig.sent[1].first == "congto/v1/edge-1/down/request");
  const auto request = contract::parse_request(rig.sent[1].second);
  REQUIRE(request.has_value());
  CHECK(request->requests[0].ranges == RangeSet{{1, 9}});
  CHECK(request->metas == std::vector<std::string>{"layout"});
  CHECK(rig.sent[2].first == "congto/v1/edge-2/down/ack");
}

TEST_CASE("a request that found no room is sent later, and only once") {
  Rig rig;
  Outcome outcome;
  outcome.answers.push_back({"edge-1", {}, {{{epoch(1), {{1, 9}}}}, {}}});
  rig.downlink.add(outcome);
  rig.room = 1;
  rig.downlink.flush(now);
  rig.room = SIZE_MAX;
  rig.downlink.flush(now);
  rig.downlink.flush(now);
  REQUIRE(rig.sent.size() == 2);
  CHECK(rig.sent[1].first == "congto/v1/edge-1/down/request");
}

TEST_CASE("many epochs are told in several acknowledgements, each small enough for an agent") {
  Rig rig;
  RangeSet scattered;
  for (std::uint64_t seq = 1'000'000'000'000'000; seq < 1'000'000'000'000'400; seq += 2)
    scattered.add({seq, seq});
  for (std::uint8_t i = 0; i < 200; ++i) rig.settle("edge-1", epoch(i), scattered);
  rig.downlink.flush(now);
  std::size_t told = 0;
  for (const auto& [topic, payload] : rig.sent) {
    CHECK(payload.size() < 256 * 1024);
    const auto ack = contract::parse_ack(payload);
    REQUIRE(ack.has_value());
    told += ack->acks.size();
  }
  CHECK(told == 200);
}
