// gzip: what was packed comes back, other packers are understood, and nothing that is wrong passes.
#include "agent/contract/gzip.hpp"

#include "tests/support/catch.hpp"

using namespace congto;
using contract::gunzip;
using contract::gzip;

namespace {

std::string packed(std::string_view text) { return gzip(text).value(); }

// "hello\n" as `gzip -n` writes it.
std::string hello() {
  return {
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\xe7\x02\x00\x20\x30\x3a\x36\x06\x00\x00"
      "\x00",
      26};
}

std::string batch_like() {
  std::string text;
  for (int i = 0; i < 500; ++i)
    text += R"({"seq":)" + std::to_string(i) + R"(,"values":{"active_power":)" + std::to_string(i * 7 % 97) +
            "}},";
  return text;
}

std::string refusal(std::string_view data, std::size_t max_bytes = 1'000'000) {
  const auto text = gunzip(data, max_bytes);
  return text ? "taken" : text.error().message;
}

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("what was packed comes back") {
  const auto text = batch_like();
  CHECK(gunzip(packed(text), text.size()).value() == text);
  CHECK(packed(text).size() * 4 < text.size());
  CHECK(gunzip(packed(""), 0).value().empty());
  std::string noise;
  for (std::uint32_t state = 1; noise.size() < 100'000; state = state * 1664525 + 1013904223)
    noise += static_cast<char>(state >> 24);
  CHECK(gunzip(packed(noise), noise.size()).value() == noise);
}

TEST_CASE("what another packer wrote is read") {
  CHECK(gunzip(hello(), 100).value() == "hello\n");
  std::string named = hello();  // with a file name in the head
  named[3] = 8;
  named.insert(10, std::string("hello.txt\0", 10));
  CHECK(gunzip(named, 100).value() == "hello\n");
}

TEST_CASE("what is not gzip is refused") {
  for (const std::string& data : {std::string(), std::string(R"({"v":1})"), std::string("\x78\x9c\x03\x00"),
                                  std::string("\x1f\x8b"), std::string("\x1f\x8b\x09 any other method")})
    CHECK(says(refusal(data), "do not begin like gzip"));
}

TEST_CASE("cut anywhere it is refused, and nothing of it is given") {
  const auto whole = packed(batch_like());
  for (std::size_t size = 3; size < whole.size(); ++size) {
    const auto text = refusal(std::string_view(whole).substr(0, size));
    if (!says(text, "cut short")) FAIL("cut at " << size << ": " << text);
  }
}

TEST_CASE("a flipped bit anywhere is refused, or the text is right all the same") {
  const auto text = batch_like();
  const auto whole = packed(text);
  std::size_t refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    const auto result = gunzip(flipped, 1'000'000);
    if (result) CHECK(*result == text);  // time, system: fields of the head that say nothing of the text
    refused += result ? 0 : 1;
  }
  CHECK(refused + 10 > whole.size());
  auto wrong_sum = hello();
  wrong_sum[18] ^= 1;
  CHECK(says(refusal(wrong_sum), "damaged"));
}

TEST_CASE("what follows the end is refused and named") {
  CHECK(says(refusal(hello() + "more"), "something follows its end: 4 bytes"));
  CHECK(says(refusal(hello() + std::string(1, '\0')), "something follows its end: 1 bytes"));
  CHECK(says(refusal(hello() + hello()), "second member"));
}

TEST_CASE("the limit is exact, and a bomb costs no more than it") {
  const auto text = batch_like();
  CHECK(gunzip(packed(text), text.size()));
  CHECK(says(refusal(packed(text), text.size() - 1),
             "more than " + std::to_string(text.size() - 1) + " bytes"));
  CHECK(says(refusal(hello(), 0), "more than 0 bytes"));
  const auto bomb = packed(std::string(64 * 1024 * 1024, ' '));
  CHECK(bomb.size() < 400'000);
  CHECK(says(refusal(bomb), "more than 1000000 bytes"));
  const auto small = gunzip(packed(std::string(100'000, ' ')), 100'000);
  CHECK(small.value().capacity() <= 100'000);
}
