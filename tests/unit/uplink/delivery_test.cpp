// The rules of contract.md "Delivery", one by one, with the clock in the test's hand.
#include "agent/uplink/delivery.hpp"

#include <chrono>
#include <cstdint>
#include <string>

#include "tests/support/catch.hpp"

using namespace congto;
using namespace std::chrono_literals;
using uplink::Delivery;
using uplink::Flight;
using uplink::Lane;

namespace {

EpochId epoch_of(std::uint8_t number) {
  std::array<std::uint8_t, 16> bytes{};
  bytes[0] = number;
  return EpochId(bytes);
}
const EpochId first = epoch_of(1), second = epoch_of(2);
constexpr std::size_t topic_length = 40;

// A delivery, its clock, and a broker that takes everything unless told otherwise.
struct Rig {
  explicit Rig(bool central = true) : delivery(central, now) {}

  void connect(double random = 0.0, std::size_t packet = UINT32_MAX) {
    delivery.connected(now, random, packet, topic_length);
  }
  // Connected, and the centre answers.
  void open() {
    connect();
    delivery.centre_answered(now);
  }
  void pass(std::chrono::microseconds time, bool centre_answers = true) {
    // In steps, as the uplink does, with the centre's answer to every status.
    for (auto left = time; left.count() > 0; left -= std::min<std::chrono::microseconds>(left, 1s)) {
      now += std::min<std::chrono::microseconds>(left, 1s);
      if (centre_answers) delivery.centre_answered(now);
      if (delivery.tick(now)) ++restarts;
    }
  }
  std::uint64_t publish(Lane lane, EpochId epoch, const RangeSet& seqs, std::size_t readings = 1,
                        std::size_t bytes = 100) {
    delivery.published(++token, Flight{lane, epoch, seqs, readings, bytes}, now);
    return token;
  }
  RangeSet answer(std::uint64_t which, int reason = 0, bool lost = false) {
    return delivery.answered(which, lost, reason, now).seqs;
  }
  // The next claim, published as one batch.
  RangeSet backfill(std::uint64_t max_records = 100, std::size_t readings = 1) {
    const auto claim = delivery.claim(now, max_records);
    if (!claim) return {};
    publish(Lane::backfill, claim->epoch, claim->seqs, readings);
    return claim->seqs;
  }
  RangeSet claimable() {
    const auto claim = delivery.claim(now, UINT64_MAX);
    if (!claim) return {};
    delivery.release(claim->epoch, claim->seqs);
    return claim->seqs;
  }
  bool alarm(const std::string& part) const {
    for (const auto& text : delivery.alarms(now)) {
      if (text.find(part) != std::string::npos) return true;
    }
    return false;
  }

  BootTime now{1000s};
  Delivery delivery;
  std::uint64_t token = 0;
  int restarts = 0;
};

}  // namespace

TEST_CASE("what the journal holds and nobody acknowledged is to be sent, oldest epoch and lowest seq first") {
  Rig rig;
  rig.delivery.known(first, 10, {{1, 10}}, {{1, 4}});
  rig.delivery.committed(second, {1, 5});
  rig.open();
  auto claim = rig.delivery.claim(rig.now, 3);
  REQUIRE(claim);
  CHECK(claim->epoch == first);
  CHECK(claim->seqs == RangeSet{{5, 7}});
  claim = rig.delivery.claim(rig.now, 100);
  CHECK(claim->seqs == RangeSet{{8, 10}});
  claim = rig.delivery.claim(rig.now, 100);
  CHECK(claim->epoch == second);
  CHECK(claim->seqs == RangeSet{{1, 5}});
  CHECK_FALSE(rig.delivery.claim(rig.now, 100));
}

TEST_CASE(
    "a record stays unacknowledged until an ack names it: a PUBACK means nothing else than a free slot") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 5});
  const auto token = rig.publish(Lane::live, first, {{1, 5}});
  CHECK(rig.answer(token).empty());
  CHECK(rig.delivery.unacknowledged() == 5);
  CHECK(rig.delivery.acknowledged(first, {{1, 5}}) == RangeSet{{1, 5}});
  CHECK(rig.delivery.unacknowledged() == 0);
}

TEST_CASE("acks are taken as a union in any order, clipped to what exists; again they settle nothing new") {
  Rig rig;
  rig.delivery.committed(first, {1, 10});
  CHECK(rig.delivery.acknowledged(first, {{8, 500}}) == RangeSet{{8, 10}});
  CHECK(rig.delivery.acknowledged(first, {{2, 3}, {7, 9}}) == RangeSet{{2, 3}, {7, 7}});
  CHECK(rig.delivery.acknowledged(first, {{2, 3}, {7, 9}}).empty());
  CHECK(rig.delivery.acknowledged(second, {{1, 10}}).empty());
  CHECK(rig.delivery.unacknowledged() == 4);
  rig.delivery.committed(first, {11, 12});
  CHECK(rig.delivery.unacknowledged() == 6);  // the ack for 11 and 12 came before they existed
}

TEST_CASE("an ack that comes before the PUBACK settles for good") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 5});
  const auto token = rig.publish(Lane::live, first, {{1, 5}});
  rig.delivery.acknowledged(first, {{1, 5}});
  rig.answer(token);
  rig.pass(2min);
  CHECK(rig.claimable().empty());
}

TEST_CASE("backfill runs only while the centre's answers are younger than 3 minutes") {
  Rig rig;
  rig.delivery.committed(first, {1, 5});
  rig.connect();
  CHECK(rig.claimable().empty());
  rig.delivery.centre_answered(rig.now);
  CHECK_FALSE(rig.claimable().empty());
  rig.pass(179s, false);
  CHECK_FALSE(rig.claimable().empty());
  rig.pass(1s, false);
  CHECK(rig.claimable().empty());
  CHECK(rig.delivery.backfill_room(rig.now) == 0);
  rig.delivery.centre_answered(rig.now);
  CHECK_FALSE(rig.claimable().empty());
}

TEST_CASE("live goes on while backfill waits for the centre") {
  Rig rig;
  rig.connect();
  CHECK(rig.delivery.live_open(rig.now));
  rig.pass(1h, false);
  CHECK(rig.delivery.live_open(rig.now));
}

TEST_CASE("nothing goes out without a connection") {
  Rig rig;
  rig.delivery.committed(first, {1, 5});
  rig.delivery.centre_answered(rig.now);
  CHECK_FALSE(rig.delivery.live_open(rig.now));
  CHECK(rig.claimable().empty());
  rig.connect();
  rig.delivery.disconnected(rig.now);
  CHECK_FALSE(rig.delivery.live_open(rig.now));
  CHECK(rig.claimable().empty());
}

TEST_CASE("a live record unacknowledged after 60 s joins backfill, not before") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 5});
  rig.answer(rig.publish(Lane::live, first, {{1, 5}}));
  rig.delivery.acknowledged(first, {{2, 3}});
  rig.pass(59s);
  CHECK(rig.claimable().empty());
  rig.pass(1s);
  CHECK(rig.claimable() == RangeSet{{1, 1}, {4, 5}});
}

TEST_CASE("a live batch that the connection lost joins backfill at once") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 5});
  const auto token = rig.publish(Lane::live, first, {{1, 5}});
  CHECK(rig.claimable().empty());
  rig.answer(token, 0, true);
  CHECK(rig.claimable() == RangeSet{{1, 5}});
}

TEST_CASE("at most 2 backfill batches are in flight; a PUBACK frees the place") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 100});
  rig.backfill(10);
  CHECK(rig.delivery.backfill_room(rig.now) > 0);
  rig.backfill(10);
  CHECK(rig.delivery.backfill_room(rig.now) == 0);
  rig.answer(1);
  CHECK(rig.delivery.backfill_room(rig.now) > 0);
}

TEST_CASE("live batches take no place of backfill's") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 100});
  for (std::uint64_t seq = 1; seq <= 10; ++seq) rig.publish(Lane::live, first, {{seq, seq}});
  CHECK(rig.delivery.backfill_room(rig.now) == Delivery::max_backfill_readings);
}

TEST_CASE("at most 20,000 readings of backfill are published and unacknowledged") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 100});
  rig.backfill(10, 15'000);
  rig.answer(1);
  CHECK(rig.delivery.backfill_room(rig.now) == 5'000);
  rig.backfill(10, 5'000);
  rig.answer(2);
  CHECK(rig.delivery.backfill_room(rig.now) == 0);
  // A batch counts until the last of its records is settled.
  rig.delivery.acknowledged(first, {{1, 9}});
  CHECK(rig.delivery.backfill_room(rig.now) == 0);
  rig.delivery.acknowledged(first, {{10, 10}});
  CHECK(rig.delivery.backfill_room(rig.now) == 15'000);
}

TEST_CASE("the lane starts again from the oldest when that is not acknowledged in 60 s") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 30});
  CHECK(rig.backfill(10) == RangeSet{{1, 10}});
  rig.answer(1);
  rig.pass(30s);
  CHECK(rig.backfill(10) == RangeSet{{11, 20}});
  rig.answer(2);
  rig.pass(29s);
  CHECK(rig.restarts == 0);
  rig.pass(1s);
  CHECK(rig.restarts == 1);
  CHECK(rig.claimable() == RangeSet{{1, 30}});
  CHECK(rig.delivery.backfill_outstanding() == 0);
}

TEST_CASE("it is the oldest that counts: younger ones acknowledged do not keep it waiting") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 20});
  rig.backfill(10);
  rig.backfill(10);
  rig.answer(1);
  rig.answer(2);
  rig.delivery.acknowledged(first, {{11, 20}});
  rig.pass(60s);
  CHECK(rig.restarts == 1);
  CHECK(rig.claimable() == RangeSet{{1, 10}});
}

TEST_CASE("the patience doubles with every restart up to an hour, and any ack resets it") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 10});
  const auto until_restart = [&rig] {
    rig.answer((rig.backfill(), rig.token));
    const BootTime begin = rig.now;
    const int before = rig.restarts;
    while (rig.restarts == before && rig.now - begin < 2h) rig.pass(1s);
    return std::chrono::duration_cast<std::chrono::seconds>(rig.now - begin);
  };
  for (const auto expected : {60s, 120s, 240s, 480s, 960s, 1920s, 3600s, 3600s})
    CHECK(until_restart() == expected);
  rig.delivery.acknowledged(first, {{10, 10}});
  CHECK(until_restart() == 60s);
}

TEST_CASE("the lane does not start again while the centre is silent: nobody would take it") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 10});
  rig.answer((rig.backfill(), rig.token));
  rig.pass(30s, false);
  rig.delivery.disconnected(rig.now);
  rig.pass(10min, false);
  CHECK(rig.restarts == 0);
}

TEST_CASE("after an outage of more than a minute backfill waits a random time up to 60 s, live does not") {
  for (const double random : {0.0, 0.5, 1.0}) {
    Rig rig;
    rig.open();
    rig.delivery.committed(first, {1, 10});
    rig.delivery.disconnected(rig.now);
    rig.pass(61s, false);
    rig.connect(random);
    rig.delivery.centre_answered(rig.now);
    CHECK(rig.delivery.live_open(rig.now));
    if (random > 0) {
      CHECK(rig.claimable().empty());
      rig.pass(std::chrono::duration_cast<std::chrono::microseconds>(60s * random) - 1s);
      CHECK(rig.claimable().empty());
      rig.pass(1s);
    }
    CHECK_FALSE(rig.claimable().empty());
  }
}

TEST_CASE("a short cut makes nobody wait") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 10});
  rig.delivery.disconnected(rig.now);
  rig.pass(59s, false);
  rig.connect(1.0);
  rig.delivery.centre_answered(rig.now);
  CHECK_FALSE(rig.claimable().empty());
}

TEST_CASE("undated records wait and block nothing") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 10});
  rig.delivery.undated(first, {{2, 9}});
  CHECK(rig.claimable() == RangeSet{{1, 1}, {10, 10}});
  CHECK(rig.delivery.unacknowledged() == 10);
  rig.delivery.dated(first, {1, 10});
  CHECK(rig.claimable() == RangeSet{{1, 10}});
}

TEST_CASE("an epoch that is found late goes out before what this run then commits, less what was settled") {
  Rig rig;
  rig.open();
  rig.delivery.known(first, 5, {{1, 5}}, {{2, 3}});
  rig.delivery.dated(first, {1, 5});
  rig.delivery.committed(second, {1, 3});
  REQUIRE(rig.delivery.epochs().size() == 2);
  CHECK(rig.delivery.epochs()[0].id == first);
  auto claim = rig.delivery.claim(rig.now, 100);
  CHECK(claim->epoch == first);
  CHECK(claim->seqs == RangeSet{{1, 1}, {4, 5}});
  claim = rig.delivery.claim(rig.now, 100);
  CHECK(claim->epoch == second);
  CHECK(claim->seqs == RangeSet{{1, 3}});
}

TEST_CASE("that records of an epoch are dated makes nobody's duty of those that are gone or unknown") {
  Rig rig;
  rig.open();
  rig.delivery.dated(second, {1, 9});
  CHECK(rig.delivery.epochs().empty());
  rig.delivery.known(first, 5, {{4, 5}}, {});
  rig.delivery.dated(first, {1, 9});
  CHECK(rig.delivery.unacknowledged() == 2);
}

TEST_CASE("what the journal evicted is nobody's duty any more") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 10});
  rig.answer((rig.backfill(5), rig.token));
  rig.delivery.gone(first, {{1, 7}});
  CHECK(rig.claimable() == RangeSet{{8, 10}});
  CHECK(rig.delivery.unacknowledged() == 3);
  CHECK(rig.delivery.backfill_outstanding() == 0);
}

TEST_CASE("what cannot be read is tried again later and blocks nothing") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 3});
  const auto claim = rig.delivery.claim(rig.now, 3);
  rig.delivery.unreadable(first, {{2, 2}}, rig.now);
  rig.delivery.release(first, {{1, 1}, {3, 3}});
  CHECK(rig.claimable() == RangeSet{{1, 1}, {3, 3}});
  rig.pass(60s);
  CHECK(rig.claimable() == RangeSet{{1, 3}});
}

TEST_CASE("a request makes what is held unacknowledged again") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 10});
  rig.delivery.acknowledged(first, {{1, 10}});
  const auto requested = rig.delivery.requested(first, {{3, 5}}, rig.now);
  CHECK(requested.withdrawn == RangeSet{{3, 5}});
  CHECK(requested.answers.empty());
  CHECK(rig.claimable() == RangeSet{{3, 5}});
  CHECK(rig.delivery.unacknowledged() == 3);
}

TEST_CASE("a request for what is on its way sends it again without waiting, unless it is in flight") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 3});
  rig.answer(rig.publish(Lane::live, first, {{1, 1}}));
  rig.publish(Lane::live, first, {{2, 2}});
  const auto requested = rig.delivery.requested(first, {{1, 2}}, rig.now);
  CHECK(requested.withdrawn.empty());  // nothing was settled
  CHECK(rig.claimable() == RangeSet{{1, 1}, {3, 3}});
}

TEST_CASE("a request for what is not held is answered by voids without a seq") {
  Rig rig;
  rig.open();
  rig.delivery.known(first, 10, {{5, 10}}, {{5, 10}});
  rig.delivery.committed(second, {1, 3});
  SECTION("evicted") {
    const auto requested = rig.delivery.requested(first, {{3, 6}}, rig.now);
    CHECK(requested.withdrawn == RangeSet{{5, 6}});
    REQUIRE(requested.answers.size() == 1);
    CHECK(requested.answers[0].epoch == first);
    CHECK(requested.answers[0].first == 3);
    CHECK(requested.answers[0].last == 4);
    CHECK(requested.answers[0].why == "evicted");
  }
  SECTION("an unknown epoch") {
    const auto requested = rig.delivery.requested(epoch_of(9), {{1, 5}, {7, 7}}, rig.now);
    CHECK(requested.withdrawn.empty());
    REQUIRE(requested.answers.size() == 2);
    CHECK(requested.answers[0].why == "unknown-epoch");
    CHECK(requested.answers[1].first == 7);
  }
  SECTION("above the end of an epoch that ended: a disk that lied") {
    const auto requested = rig.delivery.requested(first, {{10, 12}}, rig.now);
    REQUIRE(requested.answers.size() == 1);
    CHECK(requested.answers[0].first == 11);
    CHECK(requested.answers[0].last == 12);
  }
  SECTION("above the last of the current epoch: still to come") {
    CHECK(rig.delivery.requested(second, {{4, 9}}, rig.now).answers.empty());
  }
}

TEST_CASE("ack = broker: the PUBACK settles, and backfill needs no centre") {
  Rig rig(false);
  rig.delivery.committed(first, {1, 20});
  rig.connect();
  CHECK(rig.backfill(10, 20'000) == RangeSet{{1, 10}});
  CHECK(rig.delivery.backfill_room(rig.now) == 0);
  CHECK(rig.answer(1) == RangeSet{{1, 10}});
  CHECK(rig.delivery.unacknowledged() == 10);
  CHECK(rig.delivery.backfill_room(rig.now) == 20'000);  // freed by the PUBACK
  CHECK(rig.answer(rig.publish(Lane::live, first, {{11, 20}})) == RangeSet{{11, 20}});
  CHECK(rig.delivery.unacknowledged() == 0);
}

TEST_CASE("ack = broker: a refused or lost batch settles nothing") {
  Rig rig(false);
  rig.delivery.committed(first, {1, 20});
  rig.connect();
  CHECK(rig.answer((rig.backfill(10), rig.token), 0x97).empty());
  CHECK(rig.answer(rig.publish(Lane::live, first, {{11, 20}}), 0, true).empty());
  CHECK(rig.delivery.unacknowledged() == 20);
}

TEST_CASE("packet too large (0x95) halves the batch and makes nobody wait") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 20});
  const auto before = rig.delivery.max_bytes(Lane::live);
  rig.answer(rig.publish(Lane::live, first, {{1, 20}}, 20, 40'000), 0x95);
  CHECK(rig.delivery.max_bytes(Lane::live) == 20'000);
  CHECK(rig.delivery.max_bytes(Lane::live) < before);
  CHECK(rig.delivery.live_open(rig.now));
  CHECK(rig.claimable() == RangeSet{{1, 20}});
  rig.answer(rig.publish(Lane::backfill, first, {{1, 10}}, 10, 20'000), 0x95);
  CHECK(rig.delivery.max_bytes(Lane::backfill) == 10'000);
}

TEST_CASE("a single record that is too large waits, is named, and the others go on") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 3});
  rig.answer(rig.publish(Lane::backfill, first, {{2, 2}}, 1, 5'000), 0x95);
  CHECK(rig.claimable() == RangeSet{{1, 1}, {3, 3}});
  CHECK(rig.delivery.unacknowledged() == 3);
  CHECK(rig.alarm("record 2 of epoch " + first.text()));
  CHECK(rig.alarm("packet too large (0x95)"));
}

TEST_CASE("any other refusal waits with a back-off and is named in status") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 10});
  rig.answer((rig.backfill(), rig.token), 0x87);
  CHECK(rig.alarm("the broker refuses up/backfill: not authorized (0x87)"));
  CHECK(rig.claimable().empty());
  CHECK(rig.delivery.live_open(rig.now));
  rig.pass(5s);
  CHECK(rig.claimable() == RangeSet{{1, 10}});
  rig.answer((rig.backfill(), rig.token), 0x87);
  rig.pass(9s);
  CHECK(rig.claimable().empty());
  rig.pass(1s);
  CHECK_FALSE(rig.claimable().empty());
}

TEST_CASE("from the third try a batch goes record by record") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 10});
  CHECK_FALSE(rig.delivery.goes_alone({first, 4}));
  rig.answer(rig.publish(Lane::live, first, {{1, 5}}), 0x99);
  CHECK_FALSE(rig.delivery.goes_alone({first, 4}));
  rig.pass(10min);
  rig.answer(rig.publish(Lane::backfill, first, {{3, 8}}), 0x99);
  for (std::uint64_t seq = 1; seq <= 10; ++seq)
    CHECK(rig.delivery.goes_alone({first, seq}) == (seq >= 3 && seq <= 5));
}

TEST_CASE("a record refused even alone stays unacknowledged, is named, and does not block the others") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 3});
  for (int tries = 0; tries < 2; ++tries) {
    rig.answer(rig.publish(Lane::backfill, first, {{1, 3}}), 0x99);
    rig.pass(10min);
  }
  rig.answer(rig.publish(Lane::backfill, first, {{1, 1}}), 0x99);  // the third
  CHECK(rig.alarm("record 1 of epoch " + first.text() +
                  " is refused even alone: payload format invalid (0x99)"));
  rig.pass(20s);
  CHECK(rig.claimable() == RangeSet{{2, 3}});
  rig.answer(rig.publish(Lane::backfill, first, {{2, 2}}), 0);
  CHECK_FALSE(rig.delivery.goes_alone({first, 2}));
  CHECK(rig.delivery.unacknowledged() == 3);
  rig.pass(2h);
  CHECK(rig.claimable().contains(1));  // sending it stays the agent's duty
  rig.delivery.acknowledged(first, {{1, 1}});
  CHECK_FALSE(rig.alarm("refused even alone"));
}

TEST_CASE("a new connection tries what the broker refused at once") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 1});
  rig.answer(rig.publish(Lane::live, first, {{1, 1}}, 1, 900), 0x95);
  CHECK(rig.claimable().empty());
  rig.delivery.disconnected(rig.now);
  rig.open();
  CHECK(rig.claimable() == RangeSet{{1, 1}});
}

TEST_CASE("a batch that is taken ends the back-off of its lane") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 9});
  rig.answer(rig.publish(Lane::live, first, {{1, 3}}), 0x97);
  CHECK_FALSE(rig.delivery.live_open(rig.now));
  rig.pass(5s);
  rig.answer(rig.publish(Lane::live, first, {{4, 6}}));
  CHECK(rig.delivery.live_open(rig.now));
  CHECK_FALSE(rig.alarm("refuses"));
}

TEST_CASE("no ack for 24 h is an alarm with ack = central") {
  Rig rig;
  rig.connect();
  rig.pass(24h - 1s, false);
  CHECK_FALSE(rig.alarm("no acknowledgement"));
  rig.pass(1s, false);
  CHECK(rig.alarm("no acknowledgement of the centre for 24 h"));
  rig.delivery.centre_answered(rig.now);
  CHECK_FALSE(rig.alarm("no acknowledgement"));
}

TEST_CASE("no ack for 24 h is none with ack = broker") {
  Rig rig(false);
  rig.connect();
  rig.pass(25h, false);
  CHECK(rig.delivery.alarms(rig.now).empty());
}

TEST_CASE("the broker's packet size limits both lanes") {
  Rig rig;
  rig.connect(0, 5'000);
  CHECK(rig.delivery.max_bytes(Lane::live) <= 5'000 - topic_length);
  CHECK(rig.delivery.max_bytes(Lane::backfill) <= rig.delivery.max_bytes(Lane::live));
}

TEST_CASE("a record whose copy was read just before it was dated is read again, not kept waiting") {
  Rig rig;
  rig.open();
  rig.delivery.known(first, 3, {{1, 3}}, {});
  rig.delivery.committed(second, {1, 1});
  REQUIRE(rig.delivery.claim(rig.now, 3));
  rig.delivery.dated(first, {1, 3});
  rig.delivery.undated(first, {{1, 3}});
  CHECK(rig.claimable() == RangeSet{{1, 3}});
  rig.delivery.undated(second, {{1, 1}});
  CHECK(rig.claimable() == RangeSet{{1, 3}});
}

TEST_CASE("a record larger than the connection takes waits, is named, and the others pass") {
  Rig rig;
  rig.connect(0, 5'000);
  rig.delivery.centre_answered(rig.now);
  rig.delivery.committed(first, {1, 3});
  CHECK(rig.delivery.fits(4'000));
  CHECK_FALSE(rig.delivery.fits(5'000));
  rig.delivery.claim(rig.now, 2);
  rig.delivery.hold_back_too_large({first, 2}, rig.now);
  CHECK(rig.claimable() == RangeSet{{3, 3}});
  CHECK(rig.alarm("record 2 of epoch " + first.text()));
  CHECK(rig.alarm("packet too large (0x95)"));
}

TEST_CASE("what a broker takes that named no limit is tried, though a batch was too large before") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 9});
  rig.answer(rig.publish(Lane::live, first, {{1, 9}}, 9, 4'000), 0x95);
  CHECK(rig.delivery.max_bytes(Lane::live) == 2'000);
  CHECK(rig.delivery.fits(3'000));
}

TEST_CASE("a batch for which the broker ends the connection (0x95) is smaller on the next ones") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 30});
  rig.publish(Lane::live, first, {{1, 2}}, 2, 300);
  rig.publish(Lane::backfill, first, {{3, 20}}, 18, 40'000);
  for (const std::uint64_t token : {1, 2}) rig.answer(token, 0, true);
  rig.delivery.disconnected(rig.now, 0x95);
  rig.open();
  CHECK(rig.delivery.max_bytes(Lane::live) == 20'000);
  CHECK(rig.claimable() == RangeSet{{1, 30}});
}

TEST_CASE("a record for which the broker ends the connection (0x95) does not end the next one, too") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 3});
  rig.answer(rig.publish(Lane::backfill, first, {{2, 2}}, 1, 8'000), 0, true);
  rig.delivery.disconnected(rig.now, 0x95);
  rig.open();
  CHECK(rig.claimable() == RangeSet{{1, 1}, {3, 3}});
  CHECK(rig.alarm("record 2 of epoch " + first.text()));
  rig.pass(60s);
  CHECK(rig.claimable() == RangeSet{{1, 3}});  // sending it stays the agent's duty
}

TEST_CASE("small batches that are still too large go record by record instead of again and again") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 3});
  rig.answer(rig.publish(Lane::backfill, first, {{1, 3}}, 3, 500), 0x95);
  for (std::uint64_t seq = 1; seq <= 3; ++seq) CHECK(rig.delivery.goes_alone({first, seq}));
}

TEST_CASE("after an outage of the centre backfill waits a random time up to 60 s, though the broker stayed") {
  Rig rig;
  rig.connect(0.5);
  rig.delivery.centre_answered(rig.now);
  rig.delivery.committed(first, {1, 10});
  CHECK_FALSE(rig.claimable().empty());  // a start with a quick answer
  rig.pass(181s, false);
  rig.delivery.centre_answered(rig.now);
  CHECK(rig.delivery.live_open(rig.now));
  rig.pass(29s);
  CHECK(rig.claimable().empty());
  rig.pass(1s);
  CHECK_FALSE(rig.claimable().empty());
}

TEST_CASE("the centre's first answer long after the start is the end of an outage, too") {
  Rig rig;
  rig.delivery.committed(first, {1, 10});
  rig.connect(1.0);
  rig.pass(10min, false);
  rig.delivery.centre_answered(rig.now);
  CHECK(rig.claimable().empty());
  rig.pass(60s);
  CHECK_FALSE(rig.claimable().empty());
}

TEST_CASE("an outage of broker and centre makes nobody wait twice") {
  Rig rig;
  rig.open();
  rig.delivery.committed(first, {1, 10});
  rig.delivery.disconnected(rig.now);
  rig.pass(10min, false);
  rig.connect(1.0);
  rig.pass(30s, false);
  rig.delivery.centre_answered(rig.now);
  rig.pass(30s);
  CHECK_FALSE(rig.claimable().empty());
}

TEST_CASE("batches of answers take backfill's flights, whether their epoch is known or not") {
  Rig rig;
  rig.connect();
  CHECK(rig.delivery.answers_open(rig.now));  // they need no recent answer of the centre
  const auto token = rig.publish(Lane::backfill, epoch_of(9), {}, 0, 200);
  rig.publish(Lane::backfill, first, {}, 0, 200);
  CHECK_FALSE(rig.delivery.answers_open(rig.now));
  rig.delivery.centre_answered(rig.now);
  CHECK(rig.delivery.backfill_room(rig.now) == 0);
  rig.answer(token);
  CHECK(rig.delivery.answers_open(rig.now));
  CHECK(rig.delivery.backfill_room(rig.now) > 0);
}

TEST_CASE("refused answers make their lane wait, also when they are too large and as small as they get") {
  for (const int reason : {0x87, 0x95}) {
    Rig rig;
    rig.connect();
    rig.answer(rig.publish(Lane::backfill, epoch_of(9), {}, 0, 300), reason);
    CHECK_FALSE(rig.delivery.answers_open(rig.now));
    rig.pass(5s, false);
    CHECK(rig.delivery.answers_open(rig.now));
  }
}
