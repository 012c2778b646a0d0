// Packing of raw registers: whatever the words, they come back; and the shortest way is taken.
#include "agent/journal/word_packing.hpp"

#include <bit>
#include <random>

#include "tests/support/catch.hpp"

using namespace congto::journal;

namespace {

using Words = std::vector<std::uint16_t>;

std::size_t packed_size(const Words& words) {
  std::vector<std::uint8_t> bytes;
  pack_words(words, bytes);
  return bytes.size();
}

Words through(const Words& words) {
  std::vector<std::uint8_t> bytes;
  const auto packing = pack_words(words, bytes);
  ByteReader in(bytes);
  Words back(words.size());
  REQUIRE(unpack_words(packing, in, back));
  REQUIRE(in.at_end());
  return back;
}

void add(Words& words, float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  words.push_back(static_cast<std::uint16_t>(bits >> 16));
  words.push_back(static_cast<std::uint16_t>(bits));
}

}  // namespace

TEST_CASE("words of every kind come back as they were") {
  std::mt19937 random(1);
  for (int round = 0; round < 5000; ++round) {
    Words words(random() % 90);
    // From all alike to all random, so that each packing and each tag has its turn.
    const auto spread = 1U << random() % 17;
    const auto base = random();
    for (auto& word : words) word = static_cast<std::uint16_t>(base + random() % spread);
    REQUIRE(through(words) == words);
  }
}

TEST_CASE("the edges of one byte of difference come back") {
  const Words words{0, 0, 127, 0xff80, 254, 0xff00, 255, 0, 0xffff, 0x8000, 0x7fff, 0x8000, 0x7f7f, 0};
  CHECK(through(words) == words);
}

TEST_CASE("a poll that failed whole takes no bytes for its words") {
  CHECK(packed_size(Words(80, 0)) == 0);
  CHECK(packed_size({}) == 0);
}

TEST_CASE("words without any order take two bytes each, never more") {
  std::mt19937 random(2);
  for (int round = 0; round < 1000; ++round) {
    Words words(80);
    for (auto& word : words) word = static_cast<std::uint16_t>(random());
    REQUIRE(packed_size(words) <= 160);
  }
}

TEST_CASE("float32 values of one size take less than four bytes each") {
  Words words;
  for (const float voltage : {229.91F, 230.17F, 230.64F, 398.55F, 399.02F, 399.73F}) add(words, voltage);
  CHECK(packed_size(words) < 24);
}

TEST_CASE("32-bit counters with empty high words take less than three bytes each") {
  Words words;
  for (const int low : {512, 60123, 33001, 8, 44100, 9}) {
    words.push_back(0);
    words.push_back(static_cast<std::uint16_t>(low));
  }
  CHECK(packed_size(words) < 18);
}

TEST_CASE("bytes that end too early are refused") {
  const Words words{0x1234, 0x5678, 0x1235, 0x5679, 0x9999};
  std::vector<std::uint8_t> bytes;
  const auto packing = pack_words(words, bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ByteReader in(std::span<const std::uint8_t>(bytes).first(size));
    Words back(words.size());
    CHECK_FALSE(unpack_words(packing, in, back));
  }
}
