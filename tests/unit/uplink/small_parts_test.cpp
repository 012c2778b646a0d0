// Batch size, refusals, the centre's clock: the small decisions around Delivery.
#include <chrono>
#include <string>

#include "agent/uplink/batch_size.hpp"
#include "agent/uplink/centre_clock.hpp"
#include "agent/uplink/packing.hpp"
#include "agent/uplink/refusals.hpp"
#include "tests/support/catch.hpp"

using namespace congto;
using namespace std::chrono_literals;
using uplink::BatchSize;
using uplink::CentreClock;
using uplink::Refusals;

TEST_CASE("a batch stays below 64 KiB on the wire, and below what the broker takes") {
  BatchSize size;
  size.connected(UINT32_MAX, 40);
  CHECK(size.live() < 64 * 1024);
  CHECK(size.live() > 60 * 1024);
  size.connected(10'000, 40);
  CHECK(size.live() < 10'000);
}

TEST_CASE("a slow PUBACK halves backfill's batches, quick ones double them up to the limit") {
  BatchSize size;
  size.connected(UINT32_MAX, 40);
  const auto begin = size.backfill();
  size.answered(begin, 5s);
  CHECK(size.backfill() == begin / 2);
  for (int answer = 0; answer < 10; ++answer) size.answered(size.backfill(), 100ms);
  CHECK(size.backfill() == size.live());
  size.answered(size.backfill(), 2s);  // neither slow nor quick
  CHECK(size.backfill() == size.live());
}

TEST_CASE("a quick PUBACK of a small batch says nothing about large ones") {
  BatchSize size;
  size.connected(UINT32_MAX, 40);
  const auto begin = size.backfill();
  for (int answer = 0; answer < 10; ++answer) size.answered(100, 10ms);
  CHECK(size.backfill() == begin);
}

TEST_CASE("batches never shrink to nothing") {
  BatchSize size;
  size.connected(100, 40);
  CHECK(size.live() > 0);
  for (int refusal = 0; refusal < 40; ++refusal) {
    size.too_large(size.live());
    size.answered(size.backfill(), 10s);
  }
  CHECK(size.backfill() >= 512);
}

TEST_CASE("a lane's pause doubles from 5 s to 10 minutes") {
  Refusals refusals;
  BootTime now{1000s};
  for (const auto pause : {5s, 10s, 20s, 40s, 80s, 160s, 320s, 600s, 600s}) {
    refusals.refused(0x97, now);
    CHECK_FALSE(refusals.ready(now + pause - 1s));
    CHECK(refusals.ready(now + pause));
    now += pause;
  }
  refusals.taken();
  CHECK(refusals.ready(now));
  refusals.refused(0x97, now);
  CHECK(refusals.ready(now + 5s));
}

TEST_CASE("two batches refused together make one pause") {
  Refusals refusals;
  const BootTime now{1000s};
  refusals.refused(0x97, now);
  refusals.refused(0x97, now);
  CHECK(refusals.ready(now + 5s));
  CHECK(refusals.text("up/data") == "the broker refuses up/data: quota exceeded (0x97), 2 times in a row");
}

TEST_CASE("the answer to a status gives the time, with the round trip as its error") {
  CentreClock clock;
  const BootTime asked{1000s};
  const WallTime now{1'772'323'200s};
  clock.status_published(asked);
  clock.ack(now, asked + 250ms);
  CHECK_FALSE(clock.tick(asked + 3s));
  const auto hint = clock.tick(asked + 3250ms);
  REQUIRE(hint);
  CHECK(hint->now == now);
  CHECK(hint->at == asked + 250ms);
  CHECK(hint->round_trip == 250ms);
  CHECK_FALSE(clock.tick(asked + 10s));  // once a status
}

TEST_CASE("acks that waited at the broker do not spoil the time") {
  CentreClock clock;
  const BootTime asked{1000s};
  const WallTime now{1'772'323'200s};
  clock.status_published(asked);
  // An hour's worth of old acks first, then the answer.
  for (int old = 720; old > 0; --old) clock.ack(now - 5s * old, asked + 10ms);
  clock.ack(now, asked + 300ms);
  const auto hint = clock.tick(asked + 4s);
  REQUIRE(hint);
  CHECK(hint->now == now);
  CHECK(hint->round_trip == 300ms);
}

TEST_CASE("an ack without a status before it, or across a lost connection, tells no time") {
  CentreClock clock;
  const WallTime now{1'772'323'200s};
  clock.ack(now, BootTime(1000s));
  CHECK_FALSE(clock.tick(BootTime(1010s)));
  clock.status_published(BootTime(1020s));
  clock.ack(now, BootTime(1021s));
  clock.disconnected();
  CHECK_FALSE(clock.tick(BootTime(1030s)));
}

TEST_CASE("what a broker without a limit takes is not known, what it announces is") {
  BatchSize size;
  size.connected(UINT32_MAX, 40);
  CHECK(size.allowed() > 200'000);  // a meta record of a very large site
  size.connected(100'000, 40);
  CHECK(size.allowed() < 100'000);
  CHECK(size.live() < 64 * 1024);
  size.ended_connection(10'000);
  size.connected(100'000, 40);
  CHECK(size.live() == 5'000);
}

TEST_CASE("packing is guessed by what was packed before, and never below the wire") {
  uplink::Packing packing(true);
  CHECK(packing.text_for(10'000) == 36'000);
  const std::string even(30'000, 'x');
  CHECK(packing.pack(even, 10'000).content_encoding == "gzip");
  CHECK(packing.text_for(10'000) == 128 * 1024);
  std::string noise;
  for (std::uint32_t state = 1; noise.size() < 30'000; state = state * 1664525 + 1013904223)
    noise += static_cast<char>(state >> 24);
  const auto as_it_is = packing.pack(noise, 10'000);
  CHECK(as_it_is.content_encoding.empty());
  CHECK(as_it_is.bytes == noise);
  CHECK(packing.text_for(10'000) == 10'000);
}

TEST_CASE("a guess that was wrong makes the next text shorter") {
  for (const std::size_t alphabet : {2, 5, 16, 60, 256}) {
    std::string text;
    for (std::uint32_t state = 1; text.size() < 300'000; state = state * 1664525 + 1013904223)
      text += static_cast<char>((state >> 24) % alphabet);
    uplink::Packing packing(true);
    const std::size_t wire = 9'000;
    std::size_t length = 128 * 1024;
    for (int time = 0; packing.pack(text.substr(0, length), wire).bytes.size() > wire; ++time) {
      REQUIRE(time < 3);
      CHECK(packing.text_for(wire) < length);
      length = packing.text_for(wire);
    }
    CHECK(length >= wire);
  }
}

TEST_CASE("short texts are not packed and teach nothing") {
  uplink::Packing packing(true);
  CHECK(packing.pack(std::string(400, 'x'), 300).content_encoding.empty());
  const auto guess = packing.text_for(10'000);
  CHECK(packing.pack(std::string(5'000, 'x'), 10'000).content_encoding == "gzip");  // would have fitted plain
  CHECK(packing.text_for(10'000) == guess);
}

TEST_CASE("where packing is not allowed a text stays as it is") {
  uplink::Packing packing(false);
  CHECK(packing.text_for(10'000) == 10'000);
  const auto payload = packing.pack(std::string(5'000, 'x'), 10'000);
  CHECK(payload.content_encoding.empty());
  CHECK(payload.bytes.size() == 5'000);
}
