// The four packings. Tags come first (four or eight words to a byte, lowest bits first), then the bytes.
#include "agent/journal/word_packing.hpp"

#include <algorithm>

namespace congto::journal {

namespace {

enum Tag : std::uint8_t { same = 0, difference = 1, small = 2, whole = 3 };

constexpr std::size_t bytes_of(Tag tag) { return tag == same ? 0 : tag == whole ? 2 : 1; }

std::uint16_t guess(std::span<const std::uint16_t> words, std::size_t index) {
  return index < 2 ? std::uint16_t{0} : words[index - 2];
}

bool near(std::uint16_t word, std::uint16_t expected) {
  const int apart = int{word} - int{expected};
  return apart >= -128 && apart <= 127;
}

Tag tag_of(std::uint16_t word, std::uint16_t expected) {
  if (word == expected) return same;
  if (near(word, expected)) return difference;
  return word <= 0xff ? small : whole;
}

void put_raw(ByteWriter& writer, std::uint16_t word) {
  writer.byte(static_cast<std::uint8_t>(word >> 8));
  writer.byte(static_cast<std::uint8_t>(word));
}

std::uint16_t get_raw(ByteReader& in) {
  const auto high = in.byte();
  return static_cast<std::uint16_t>(high << 8 | in.byte());
}

std::uint8_t apart(std::uint16_t word, std::uint16_t expected) {
  return static_cast<std::uint8_t>(word - expected);
}

std::uint16_t moved(std::uint16_t expected, std::uint8_t by) {
  return static_cast<std::uint16_t>(expected + static_cast<std::int8_t>(by));
}

void pack_near_raw(std::span<const std::uint16_t> words, std::vector<std::uint8_t>& out) {
  const auto tags = out.size();
  out.resize(tags + (words.size() + 7) / 8);
  ByteWriter writer(out);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto expected = guess(words, i);
    if (near(words[i], expected)) {
      out[tags + i / 8] = static_cast<std::uint8_t>(out[tags + i / 8] | 1U << i % 8);
      writer.byte(apart(words[i], expected));
    } else {
      put_raw(writer, words[i]);
    }
  }
}

void pack_near_same(std::span<const std::uint16_t> words, std::vector<std::uint8_t>& out) {
  const auto tags = out.size();
  out.resize(tags + (words.size() + 3) / 4);
  ByteWriter writer(out);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto expected = guess(words, i);
    const auto tag = tag_of(words[i], expected);
    out[tags + i / 4] = static_cast<std::uint8_t>(out[tags + i / 4] | tag << i % 4 * 2);
    if (tag == difference) writer.byte(apart(words[i], expected));
    if (tag == small) writer.byte(static_cast<std::uint8_t>(words[i]));
    if (tag == whole) put_raw(writer, words[i]);
  }
}

std::uint16_t take(Tag tag, ByteReader& in, std::uint16_t expected) {
  switch (tag) {
    case same:
      return expected;
    case difference:
      return moved(expected, in.byte());
    case small:
      return in.byte();
    case whole:
      break;
  }
  return get_raw(in);
}

}  // namespace

Packing pack_words(std::span<const std::uint16_t> words, std::vector<std::uint8_t>& out) {
  if (std::all_of(words.begin(), words.end(), [](std::uint16_t word) { return word == 0; })) {
    return Packing::zeros;
  }
  const std::size_t raw_size = words.size() * 2;
  std::size_t near_raw_size = (words.size() + 7) / 8;
  std::size_t near_same_size = (words.size() + 3) / 4;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto expected = guess(words, i);
    near_raw_size += near(words[i], expected) ? 1 : 2;
    near_same_size += bytes_of(tag_of(words[i], expected));
  }
  if (raw_size <= near_raw_size && raw_size <= near_same_size) {
    ByteWriter writer(out);
    for (const auto word : words) put_raw(writer, word);
    return Packing::raw;
  }
  if (near_raw_size <= near_same_size) {
    pack_near_raw(words, out);
    return Packing::near_raw;
  }
  pack_near_same(words, out);
  return Packing::near_same;
}

bool unpack_words(Packing packing, ByteReader& in, std::span<std::uint16_t> words) {
  const std::size_t tag_bits = packing == Packing::near_same ? 2 : packing == Packing::near_raw ? 1 : 0;
  const auto tags = in.bytes((words.size() * tag_bits + 7) / 8);
  if (in.failed()) return false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (packing == Packing::zeros) {
      words[i] = 0;
    } else if (packing == Packing::raw) {
      words[i] = get_raw(in);
    } else if (packing == Packing::near_raw) {
      words[i] = take((tags[i / 8] >> i % 8 & 1) != 0 ? difference : whole, in, guess(words, i));
    } else {
      words[i] = take(static_cast<Tag>(tags[i / 4] >> i % 4 * 2 & 3), in, guess(words, i));
    }
  }
  return !in.failed();
}

}  // namespace congto::journal
