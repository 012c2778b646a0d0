// ByteWriter and ByteReader: the varints, strings and fixed fields that journal blobs are made of.
// Used by record_codec and word_packing; plain values, no thread rule.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace congto::journal {

// Appends to a vector that the caller owns and may reuse.
class ByteWriter {
 public:
  explicit ByteWriter(std::vector<std::uint8_t>& out) : out_(out) {}

  void byte(std::uint8_t value) { out_.push_back(value); }
  void bytes(std::span<const std::uint8_t> values) { out_.insert(out_.end(), values.begin(), values.end()); }
  // Seven bits a byte, lowest first, the high bit says that more follow.
  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      out_.push_back(static_cast<std::uint8_t>(value | 0x80));
      value >>= 7;
    }
    out_.push_back(static_cast<std::uint8_t>(value));
  }
  // Small magnitudes of either sign are short: 0, -1, 1, -2 become 0, 1, 2, 3.
  void zigzag(std::int64_t value) {
    varint(static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
  }
  void text(std::string_view value) {
    varint(value.size());
    out_.insert(out_.end(), value.begin(), value.end());
  }

 private:
  std::vector<std::uint8_t>& out_;
};

// Reads what ByteWriter wrote. Past the end, or on a varint that is too long, it gives zeros and failed().
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> in) : in_(in) {}

  bool failed() const { return failed_; }
  bool at_end() const { return in_.empty(); }

  std::uint8_t byte() {
    const auto one = bytes(1);
    return one.empty() ? std::uint8_t{0} : one[0];
  }
  // Empty when there are fewer.
  std::span<const std::uint8_t> bytes(std::size_t count) {
    if (count > in_.size()) {
      failed_ = true;
      in_ = {};
      return {};
    }
    const auto taken = in_.first(count);
    in_ = in_.subspan(count);
    return taken;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto next = byte();
      value |= static_cast<std::uint64_t>(next & 0x7f) << shift;
      if ((next & 0x80) == 0) return value;
    }
    failed_ = true;
    return 0;
  }
  std::int64_t zigzag() {
    const auto value = varint();
    return static_cast<std::int64_t>(value >> 1 ^ (~(value & 1) + 1));
  }
  std::string text() {
    const auto size = varint();
    if (size > in_.size()) {
      failed_ = true;
      return {};
    }
    const auto taken = bytes(static_cast<std::size_t>(size));
    return {taken.begin(), taken.end()};
  }

 private:
  std::span<const std::uint8_t> in_;
  bool failed_ = false;
};

}  // namespace congto::journal
