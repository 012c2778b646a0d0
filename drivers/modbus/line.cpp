// See line.hpp.
#include "drivers/modbus/line.hpp"

namespace congto::modbus {

std::string text(const SerialSettings& settings) {
  const char parity = settings.parity == Parity::none ? 'N' : settings.parity == Parity::even ? 'E' : 'O';
  return std::to_string(settings.baud) + " 8" + parity + std::to_string(settings.stop_bits);
}

unsigned bits_per_character(const SerialSettings& settings) {
  return 1 + 8 + (settings.parity == Parity::none ? 0 : 1) + settings.stop_bits;
}

std::chrono::nanoseconds character_time(const SerialSettings& settings) {
  constexpr std::uint64_t second = 1'000'000'000;
  const std::uint64_t bits = bits_per_character(settings);
  return std::chrono::nanoseconds((bits * second + settings.baud - 1) / settings.baud);
}

std::chrono::microseconds silence_time(const SerialSettings& settings) {
  if (settings.baud > 19'200) return std::chrono::microseconds(1750);
  return std::chrono::ceil<std::chrono::microseconds>(character_time(settings) * 7 / 2);
}

}  // namespace congto::modbus
