// How the raw registers of a sample are packed: the shortest of four ways, chosen for each sample.
// Used by record_codec. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "agent/journal/bytes.hpp"

namespace congto::journal {

// Meter registers are mostly pairs (float32, 32-bit counters) of neighbouring quantities, so the register two
// before is the best guess: its high word differs little between the phases of a meter.
// The numbers are stored: never renumber.
enum class Packing : std::uint8_t {
  zeros = 0,      // nothing stored: a poll that failed whole
  raw = 1,        // two bytes a word
  near_raw = 2,   // a bit a word: one byte of difference to the word two before, or two raw bytes
  near_same = 3,  // two bits a word: as two before, one byte of difference, one byte alone, two raw bytes
};

// Appends the words and tells the way.
Packing pack_words(std::span<const std::uint16_t> words, std::vector<std::uint8_t>& out);
// Fills `words` (its size says how many); false when the bytes do not suffice.
bool unpack_words(Packing packing, ByteReader& in, std::span<std::uint16_t> words);

}  // namespace congto::journal
