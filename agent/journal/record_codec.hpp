// Records to the blobs of the journal's `record` table and back. A blob is: kind and packing (one byte), the
// fields of the kind as varints, and a CRC-32C over key and blob. Pure functions, thread-safe.
// Measured on disk in all, 40 values a sample: float32 of a three-phase meter 4.4 bytes a value, rounded to
// 0.1 4.0, u16 2.6; random bits 5.2.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "drivers/meter/record.hpp"

namespace congto::journal {

// The key of a record's row: epoch number << 40 | seq, so that rows lie in the order of their commits and no
// second index is needed. 2^40 records are 700 years at 50 a second; 2^23 epochs are a restart a minute
// for 16.
inline constexpr int seq_bits = 40;
inline constexpr std::uint64_t last_seq = (std::uint64_t{1} << seq_bits) - 1;
constexpr std::int64_t record_key(std::int64_t epoch_no, std::uint64_t seq) {
  return epoch_no << seq_bits | static_cast<std::int64_t>(seq);
}
constexpr std::uint64_t seq_of(std::int64_t key) { return static_cast<std::uint64_t>(key) & last_seq; }
constexpr std::int64_t epoch_of(std::int64_t key) { return key >> seq_bits; }

// The numbers are stored: never renumber.
enum class Kind : std::uint8_t { sample = 0, start = 1, skipped = 2, voided = 3, meta = 4 };

Kind kind_of(const meter::Record& record);
// From the first byte, unchecked; nothing for an empty blob or a kind of a later version.
std::optional<Kind> kind_of(std::span<const std::uint8_t> blob);
// The layout that the record refers to; nullptr for kinds without one.
meter::LayoutPtr layout_of(const meter::Record& record);
// When it was read; nothing for events that have no time of their own.
std::optional<BootTime> stamp_of(const meter::Record& record);

// Replaces `blob`. layout_no counts only for kinds with a layout. A sample must have as many words and
// qualities as its layout says.
void encode(const meter::Record& record, std::uint64_t layout_no, std::int64_t key,
            std::vector<std::uint8_t>& blob);
// Nothing when the blob is damaged, of a later version, or its layout is unknown (find gives nullptr).
using FindLayout = std::function<meter::LayoutPtr(std::uint64_t layout_no)>;
std::optional<meter::Record> decode(std::span<const std::uint8_t> blob, std::int64_t key,
                                    const FindLayout& find);

// As many words and qualities as the layout says.
bool well_formed(const meter::Record& record);

}  // namespace congto::journal
