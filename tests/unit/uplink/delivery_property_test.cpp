// A random world around Delivery: connections break, PUBACKs and acks get lost or come twice, batches are
// refused, the centre asks again. Whatever happened: once the world behaves, every record is acknowledged.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include "agent/uplink/delivery.hpp"
#include "tests/support/catch.hpp"

using namespace congto;
using namespace std::chrono_literals;
using uplink::Delivery;
using uplink::Flight;
using uplink::Lane;

namespace {

EpochId epoch_of(std::uint8_t number) {
  std::array<std::uint8_t, 16> bytes{};
  bytes[15] = number;
  return EpochId(bytes);
}

class World {
 public:
  World(std::uint32_t seed, bool central) : random_(seed), central_(central), delivery_(central, now_) {
    for (std::uint8_t number = 1; number <= 3; ++number) {
      const std::uint64_t last = 1 + pick(200);
      RangeSet settled;
      for (int range = 0; range < 3; ++range) {
        const std::uint64_t from = 1 + pick(last);
        settled.add({from, std::min(last, from + pick(20))});
      }
      held_[epoch_of(number)] = {{1, last}};
      stored_[epoch_of(number)] = settled;
      settled_[epoch_of(number)] = settled;
      delivery_.known(epoch_of(number), last, {{1, last}}, settled);
    }
  }

  void misbehave(int steps) {
    for (int step = 0; step < steps; ++step) {
      switch (pick(12)) {
        case 0:
          return_pass(pick(5)), connect();
          break;
        case 1:
          cut();
          break;
        case 2:
          commit();
          break;
        case 3:
        case 4:
          backfill();
          break;
        case 5:
        case 6:
          puback(pick(4) == 0 ? refusal() : 0);
          break;
        case 7:
        case 8:
          ack(true);
          break;
        case 9:
          request();
          break;
        case 10:
          time(pick(90));
          break;
        case 11:
          evict();
          break;
        default:
          break;
      }
      check();
    }
  }

  // From now on everything is taken, acknowledged and answered.
  void behave() {
    connect();
    for (int second = 0; second < 3 * 3600 && !done(); ++second) {
      time(1);
      delivery_.centre_answered(now_);
      while (backfill()) puback(0);
      while (!flights_.empty()) puback(0);
      ack(false);
      check();
    }
  }

  bool done() const { return delivery_.unacknowledged() == 0; }
  // What the journal holds and the centre has not.
  std::uint64_t missing() const {
    std::uint64_t count = 0;
    for (const auto& [epoch, held] : held_) {
      RangeSet open = held;
      if (const auto at = stored_.find(epoch); at != stored_.end()) open.remove(at->second);
      count += open.count();
    }
    return count;
  }

 private:
  std::uint64_t pick(std::uint64_t below) {
    return std::uniform_int_distribution<std::uint64_t>(0, below - 1)(random_);
  }
  void return_pass(std::uint64_t minutes) { time(minutes * 60); }
  int refusal() { return std::vector<int>{0x80, 0x87, 0x95, 0x97, 0x99}[pick(5)]; }

  void connect() {
    if (connected_) return;
    connected_ = true;
    delivery_.connected(now_, std::uniform_real_distribution<double>(0, 1)(random_), UINT32_MAX, 40);
  }
  void cut() {
    if (!connected_) return;
    while (!flights_.empty()) {
      // The broker may have had it, though its PUBACK is lost.
      if (pick(2) == 0) arrive(flights_.begin()->second);
      delivery_.answered(flights_.begin()->first, true, 0, now_);
      flights_.erase(flights_.begin());
    }
    delivery_.disconnected(now_);
    connected_ = false;
  }
  void time(std::uint64_t seconds) {
    for (std::uint64_t second = 0; second < seconds; ++second) {
      now_ += 1s;
      delivery_.tick(now_);
    }
  }
  void commit() {
    const EpochId epoch = epoch_of(3);
    const std::uint64_t from = held_[epoch].empty() ? 1000 : *held_[epoch].highest() + 1;
    const Range range{from, from + pick(30)};
    delivery_.committed(epoch, range);
    held_[epoch].add(range);
    if (delivery_.live_open(now_) && pick(4) != 0) publish(Lane::live, epoch, {range});
  }
  bool backfill() {
    if (delivery_.backfill_room(now_) == 0) return false;
    const auto claim = delivery_.claim(now_, 1 + pick(40));
    if (!claim) return false;
    // As the lane does: single records where they must, and never more readings than there is room for.
    RangeSet seqs = claim->seqs;
    const std::uint64_t head = *seqs.lowest();
    if (delivery_.goes_alone({claim->epoch, head})) {
      seqs = {{head, head}};
    } else {
      for (const auto& range : claim->seqs.ranges()) {
        for (auto seq = range.first; seq <= range.last; ++seq) {
          if (delivery_.goes_alone({claim->epoch, seq})) seqs.remove({seq, UINT64_MAX});
        }
      }
    }
    const std::size_t readings = std::min<std::size_t>(delivery_.backfill_room(now_), seqs.count() * 400);
    RangeSet rest = claim->seqs;
    rest.remove(seqs);
    delivery_.release(claim->epoch, rest);
    publish(Lane::backfill, claim->epoch, seqs, readings);
    return true;
  }
  void publish(Lane lane, EpochId epoch, const RangeSet& seqs, std::size_t readings = 1) {
    // Nothing that is acknowledged goes out again, unless it was requested.
    REQUIRE(seqs.intersection(settled_[epoch]).empty());
    delivery_.published(++token_, Flight{lane, epoch, seqs, readings, 1000}, now_);
    flights_[token_] = Flight{lane, epoch, seqs, readings, 1000};
  }
  void arrive(const Flight& flight) {
    if (central_) stored_[flight.epoch].add(flight.seqs);
  }
  void puback(int reason) {
    if (flights_.empty()) return;
    auto at = flights_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(pick(flights_.size())));
    if (reason == 0) arrive(at->second);
    const auto settled = delivery_.answered(at->first, false, reason, now_);
    if (reason != 0) REQUIRE(settled.seqs.empty());
    if (central_) REQUIRE(settled.seqs.empty());
    stored_[settled.epoch].add(settled.seqs);
    settled_[settled.epoch].add(settled.seqs);
    flights_.erase(at);
  }
  // The centre's ack: of what it stored, perhaps less of it, perhaps lost.
  void ack(bool badly) {
    if (!central_ || !connected_) return;
    delivery_.centre_answered(now_);
    for (const auto& [epoch, stored] : stored_) {
      if (badly && pick(3) == 0) continue;
      RangeSet named = stored;
      if (badly) named = named.clipped({1 + pick(100), 50 + pick(300)});
      const auto newly = delivery_.acknowledged(epoch, named);
      REQUIRE(newly.intersection(settled_[epoch]).empty());
      settled_[epoch].add(newly);
      if (pick(4) == 0) REQUIRE(delivery_.acknowledged(epoch, named).empty());  // once more
    }
  }
  void request() {
    const EpochId epoch = epoch_of(static_cast<std::uint8_t>(1 + pick(4)));
    const std::uint64_t from = 1 + pick(200);
    const RangeSet wanted{{from, from + pick(10)}};
    stored_[epoch].remove(wanted);  // restored from a backup
    const auto result = delivery_.requested(epoch, wanted, now_);
    CHECK(result.withdrawn == wanted.intersection(settled_[epoch]).intersection(held_[epoch]));
    settled_[epoch].remove(result.withdrawn);
    if (!central_) stored_[epoch].remove(result.withdrawn);
  }
  void evict() {
    const EpochId epoch = epoch_of(static_cast<std::uint8_t>(1 + pick(3)));
    if (held_[epoch].empty()) return;
    const std::uint64_t from = *held_[epoch].lowest();
    const RangeSet old{{from, from + pick(5)}};
    held_[epoch].remove(old);
    delivery_.gone(epoch, old);
  }
  void check() {
    REQUIRE(delivery_.backfill_flights() <= 2);
    REQUIRE(delivery_.backfill_outstanding() <= 20'000);
    for (const auto& epoch : delivery_.epochs()) {
      RangeSet open = held_[epoch.id];
      open.remove(settled_[epoch.id]);
      REQUIRE(epoch.unacked == open);
      // In one place at a time.
      REQUIRE(epoch.claimed.intersection(epoch.in_flight).empty());
      REQUIRE(epoch.sent.intersection(epoch.live_wait).empty());
      REQUIRE(epoch.pending(now_).intersection(epoch.in_flight).empty());
    }
  }

  std::mt19937 random_;
  bool central_;
  BootTime now_{1000s};
  Delivery delivery_;
  bool connected_ = false;
  std::uint64_t token_ = 0;
  std::map<std::uint64_t, Flight> flights_;
  std::map<EpochId, RangeSet> held_;     // in the journal
  std::map<EpochId, RangeSet> stored_;   // at the centre (at the broker with ack = "broker")
  std::map<EpochId, RangeSet> settled_;  // acknowledged to the agent
};

}  // namespace

TEST_CASE("whatever happens, every record is acknowledged once the centre behaves") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    INFO("seed " << seed);
    World world(seed, true);
    world.misbehave(300);
    world.behave();
    REQUIRE(world.done());
    REQUIRE(world.missing() == 0);
  }
}

TEST_CASE("whatever happens, every record reaches the broker once it behaves (ack = broker)") {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    INFO("seed " << seed);
    World world(seed, false);
    world.misbehave(300);
    world.behave();
    REQUIRE(world.done());
    REQUIRE(world.missing() == 0);
  }
}
