// Hex form and random creation of epoch ids.
#include "drivers/core/epoch.hpp"

#include <sys/random.h>

#include <cerrno>
#include <system_error>

namespace congto {

namespace {

constexpr std::string_view digits = "0123456789abcdef";

}  // namespace

EpochId EpochId::random() {
  std::array<std::uint8_t, 16> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw std::system_error(errno, std::generic_category(), "getrandom");
  }
  return EpochId(bytes);
}

std::optional<EpochId> EpochId::parse(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto nibble = digits.find(text[i]);
    if (nibble == std::string_view::npos) return std::nullopt;
    bytes[i / 2] = static_cast<std::uint8_t>(bytes[i / 2] << 4 | nibble);
  }
  return EpochId(bytes);
}

std::string EpochId::text() const {
  std::string hex;
  hex.reserve(32);
  for (const auto byte : bytes_) {
    hex += digits[byte >> 4];
    hex += digits[byte & 15];
  }
  return hex;
}

}  // namespace congto
