// The backfill lane's batches: packed to what the wire takes whatever the guess, and each record in exactly
// one of them.
#include "agent/uplink/backfill_lane.hpp"

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <set>
#include <vector>

#include "agent/contract/gzip.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_journal.hpp"
#include "tests/support/manual_clock.hpp"

using namespace congto;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t head = 64 + 40;  // of a packet: what BatchSize leaves for it, and the topic's length

meter::LayoutPtr floats(std::size_t points) {
  meter::LayoutMeter one;
  one.name = "compressor-1";
  one.bus = "line-1";
  one.profile = "test";
  one.medium = "electricity";
  one.every = 10s;
  for (std::size_t number = 0; number < points; ++number) {
    meter::Point point;
    point.name = "voltage_p" + std::to_string(number);
    point.type = meter::Type::u32;
    point.registers = 2;
    one.points.push_back(point);
  }
  return std::make_shared<const meter::Layout>(std::vector<meter::LayoutMeter>{one});
}

// A lane with a journal in memory behind it and a connection that takes what `packet` allows.
struct LaneBench {
  explicit LaneBench(bool central = true, std::size_t packet = UINT32_MAX)
      : journal(context.get_executor()), delivery(central, clock.boot()) {
    journal.dating = meter::Dating{1'700'000'000s, false, 0ms};
    connect(packet);
  }
  void connect(std::size_t packet) {
    delivery.connected(clock.boot(), 0, packet, 40);
    delivery.centre_answered(clock.boot());
  }
  // Samples whose values all differ by at most `spread`.
  void fill(std::size_t samples, std::size_t points, std::uint32_t spread) {
    const auto layout = floats(points);
    for (std::size_t number = 0; number < samples; ++number) {
      meter::Sample sample;
      sample.layout = layout;
      sample.slot = sample.stamp = clock.boot() + 10s * number;
      sample.quality.assign(points, meter::Quality::good);
      for (std::size_t point = 0; point < points; ++point) {
        state = state * 6364136223846793005 + 1442695040888963407;
        const auto value = static_cast<std::uint32_t>((state >> 32) % spread);
        sample.words.push_back(static_cast<std::uint16_t>(value >> 16));
        sample.words.push_back(static_cast<std::uint16_t>(value & 0xFFFF));
      }
      journal.append(sample);
    }
    const auto commit = journal.commit();
    delivery.committed(journal.epoch, {commit.records.front().id.seq, commit.records.back().id.seq});
  }
  void read() {
    lane.read_ahead(clock.boot());
    context.restart();
    context.poll();
  }
  std::optional<uplink::Batch> next() { return lane.next(clock.boot(), clock.wall()); }
  // Publishes, has the PUBACK and the acknowledgement, until nothing comes any more.
  std::vector<uplink::Batch> drain(std::chrono::milliseconds puback = 10ms, int reason = 0) {
    std::vector<uplink::Batch> all;
    read();
    while (auto batch = next()) {
      delivery.published(++token, batch->flight, clock.boot());
      clock.advance(puback);
      delivery.answered(token, false, reason, clock.boot());
      if (reason == 0) delivery.acknowledged(batch->flight.epoch, batch->flight.seqs);
      all.push_back(std::move(*batch));
      read();
    }
    return all;
  }

  boost::asio::io_context context;
  test::ManualClock clock;
  test::FakeJournal journal;
  uplink::Delivery delivery;
  uplink::BackfillLane lane{context.get_executor(), delivery, journal,
                            contract::BatchWriter("edge-1", "plant", {}), [] {}};
  std::uint64_t state = 1;
  std::uint64_t token = 0;
};

bool packed(const uplink::Batch& batch) { return batch.payload.content_encoding == "gzip"; }

contract::ParsedBatch parsed(const uplink::Batch& batch) {
  const auto& bytes = batch.payload.bytes;
  const auto text = packed(batch) ? contract::gunzip(bytes, contract::max_expanded_bytes).value() : bytes;
  return contract::parse_batch(text).value();
}

// Every seq in exactly one batch; what the flight says is what is in it.
std::size_t count_each_once(const std::vector<uplink::Batch>& batches) {
  std::set<std::uint64_t> seen;
  for (const auto& batch : batches) {
    const auto content = parsed(batch);
    CHECK(content.refused.empty());
    CHECK(batch.flight.bytes == batch.payload.bytes.size());
    CHECK(batch.flight.seqs.count() == content.records.size());
    for (const auto& record : content.records) {
      CHECK(batch.flight.seqs.contains(record.seq.value()));
      CHECK(seen.insert(*record.seq).second);
    }
  }
  return seen.size();
}

std::size_t largest(const std::vector<uplink::Batch>& batches) {
  std::size_t bytes = 0;
  for (const auto& batch : batches) bytes = std::max(bytes, batch.payload.bytes.size());
  return bytes;
}

std::size_t most_readings(const std::vector<uplink::Batch>& batches) {
  std::size_t readings = 0;
  for (const auto& batch : batches) readings = std::max(readings, batch.flight.readings);
  return readings;
}

}  // namespace

TEST_CASE("a backlog goes out packed, with several times the readings a plain batch has") {
  LaneBench bench;
  bench.fill(3'000, 20, 1'000);
  const auto batches = bench.drain();
  CHECK(count_each_once(batches) == 3'000);
  for (const auto& batch : batches) CHECK(packed(batch));
  CHECK(largest(batches) <= 64 * 1024 - head);
  CHECK(most_readings(batches) > 5'000);
  CHECK(batches.size() < 20);
}

TEST_CASE("with ack = \"broker\" a backlog goes out plain") {
  LaneBench bench(false);
  bench.fill(1'000, 20, 1'000);
  const auto batches = bench.drain();
  CHECK(count_each_once(batches) == 1'000);
  for (const auto& batch : batches) CHECK_FALSE(packed(batch));
}

TEST_CASE("what packs worse than guessed makes a smaller batch, not one that is too large") {
  LaneBench bench(true, 6'000);
  bench.fill(400, 20, 2);  // packs far better than the first guess
  bench.fill(400, 20, UINT32_MAX);
  bench.fill(400, 20, 2);
  const auto batches = bench.drain();
  CHECK(count_each_once(batches) == 1'200);
  CHECK(largest(batches) <= 6'000 - head);
  CHECK(largest(batches) > 5'000);
  // Both guesses were learned again: even and uneven batches are filled.
  CHECK(most_readings(batches) > 2'000);
  CHECK(batches.size() < 30);
}

TEST_CASE("a small CONNACK is kept to, and so is a size halved by refusals") {
  for (const std::size_t packet : {700, 1'500, 5'000}) {
    LaneBench bench(true, packet);
    bench.fill(300, 3, 100'000);
    const auto batches = bench.drain();
    CHECK(count_each_once(batches) == 300);
    CHECK(largest(batches) <= packet - head);
  }
  LaneBench bench;
  bench.fill(2'000, 10, 100'000);
  bench.read();
  const auto first = bench.next().value();
  bench.delivery.published(1, first.flight, bench.clock.boot());
  bench.delivery.answered(1, false, 0x95, bench.clock.boot());
  bench.token = 1;
  const auto batches = bench.drain();
  CHECK(count_each_once(batches) == 2'000);
  CHECK(largest(batches) <= first.payload.bytes.size() / 2);
}

TEST_CASE("a slow line gets small batches, measured by what is on the wire") {
  LaneBench bench;
  bench.fill(3'000, 20, 1'000);
  std::size_t bytes = SIZE_MAX;
  for (int time = 0; time < 3; ++time) {
    bench.read();
    const auto batch = bench.next().value();
    CHECK(packed(batch));
    CHECK(batch.payload.bytes.size() < bytes);
    bytes = batch.payload.bytes.size() / 2 + 1;
    bench.delivery.published(++bench.token, batch.flight, bench.clock.boot());
    bench.clock.advance(5s);
    bench.delivery.answered(bench.token, false, 0, bench.clock.boot());
  }
}

TEST_CASE("a text that packing does not shorten goes plain") {
  LaneBench bench;
  bench.fill(1, 1, 10);
  const auto batches = bench.drain();
  CHECK(count_each_once(batches) == 1);
  CHECK_FALSE(packed(batches[0]));
}

TEST_CASE("refused twice, records go one by one, each packed, and those behind them go together") {
  LaneBench bench;
  bench.fill(5, 60, 1'000'000);
  for (int time = 0; time < 2; ++time) {
    CHECK(bench.drain(10ms, 0x99).size() == 1);
    bench.clock.advance(60s);
    bench.delivery.centre_answered(bench.clock.boot());
  }
  bench.fill(5, 60, 1'000'000);
  const auto batches = bench.drain();
  CHECK(batches.size() == 6);
  CHECK(batches.back().flight.seqs == RangeSet{{6, 10}});
  CHECK(count_each_once(batches) == 10);
  for (const auto& batch : batches) CHECK(packed(batch));
}

TEST_CASE("a record that goes alone is in no batch of those before it") {
  LaneBench bench;
  bench.fill(5, 10, 1'000);
  CHECK(bench.drain().size() == 1);
  bench.fill(2, 10, 1'000);
  for (int time = 0; time < 2; ++time) {
    CHECK(bench.drain(10ms, 0x99).size() == 1);
    bench.clock.advance(60s);
    bench.delivery.centre_answered(bench.clock.boot());
  }
  bench.delivery.requested(bench.journal.epoch, {{1, 5}}, bench.clock.boot());
  const auto batches = bench.drain();
  REQUIRE(batches.size() == 3);
  CHECK(batches[0].flight.seqs == RangeSet{{1, 5}});
}

TEST_CASE("a record fits when it fits packed; one that does not is held back and passed") {
  LaneBench bench(true, 3'000);
  bench.fill(1, 300, 2);             // 5 kB of text, some 800 bytes packed
  bench.fill(1, 2'000, UINT32_MAX);  // 50 kB, 14 packed
  bench.fill(1, 300, 2);
  const auto batches = bench.drain();
  CHECK(count_each_once(batches) == 2);
  CHECK(largest(batches) <= 3'000 - head);
  CHECK(bench.delivery.unacknowledged() == 1);
  CHECK(bench.delivery.alarms(bench.clock.boot()).at(0).find("record 2 of epoch") == 0);
}

TEST_CASE("records acknowledged while a batch is guessed at are in none") {
  LaneBench bench(true, 2'000);
  bench.fill(200, 10, UINT32_MAX);
  bench.read();
  bench.delivery.acknowledged(bench.journal.epoch, {{3, 50}, {60, 60}});
  const auto batches = bench.drain();
  CHECK(count_each_once(batches) == 151);
  CHECK(bench.delivery.unacknowledged() == 0);
}

TEST_CASE("what the client did not take is read again") {
  LaneBench bench(true, 2'000);
  bench.fill(200, 10, UINT32_MAX);
  bench.read();
  const auto lost = bench.next().value();  // the client did not take it
  bench.delivery.release(lost.flight.epoch, lost.flight.seqs);
  bench.lane.start_again();
  CHECK(count_each_once(bench.drain()) == 200);
}

TEST_CASE("no small batch goes while more is being read") {
  LaneBench bench;
  bench.fill(1'000, 40, 1'000);
  bench.read();  // a portion: 150 samples
  const auto first = bench.next();
  REQUIRE(first);
  REQUIRE(first->flight.seqs.count() < 150);
  bench.lane.read_ahead(bench.clock.boot());
  CHECK_FALSE(bench.next());  // what is left of the portion waits for the next
  bench.context.restart();
  bench.context.poll();
  const auto second = bench.next();
  REQUIRE(second);
  CHECK(second->flight.readings >= 3'000);
  bench.read();
  bench.lane.read_ahead(bench.clock.boot());
  CHECK(bench.next());  // there is enough for one beside the portion that is being read
}

TEST_CASE("never more than 20,000 readings wait for their acknowledgement") {
  LaneBench bench;
  bench.fill(3, 9'000, 2);
  for (int batch = 0; batch < 2; ++batch) {
    bench.read();
    const auto large = bench.next().value();
    CHECK(large.flight.readings == 9'000);
    bench.delivery.published(++bench.token, large.flight, bench.clock.boot());
    bench.delivery.answered(bench.token, false, 0, bench.clock.boot());
  }
  bench.read();
  CHECK_FALSE(bench.next());
  bench.delivery.acknowledged(bench.journal.epoch, {{1, 1}});
  CHECK(bench.next());
}
