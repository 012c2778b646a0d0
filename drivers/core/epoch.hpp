// EpochId: the random identity of one run of the agent; with a sequence number it names a record for ever.
// A plain value: 128 bits, written as 32 lower-case hex digits (contract.md, Names).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace congto {

class EpochId {
 public:
  EpochId() = default;  // all zero: no epoch
  explicit EpochId(const std::array<std::uint8_t, 16>& bytes) : bytes_(bytes) {}

  // A new identity from the kernel's random source; throws std::system_error if there is none.
  static EpochId random();
  // Exactly 32 lower-case hex digits, otherwise nothing.
  static std::optional<EpochId> parse(std::string_view text);

  std::string text() const;
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  auto operator<=>(const EpochId&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

// Identity of a record at one agent. seq counts from 1 within the epoch, without holes.
struct RecordId {
  EpochId epoch;
  std::uint64_t seq = 0;
  auto operator<=>(const RecordId&) const = default;
};

}  // namespace congto
