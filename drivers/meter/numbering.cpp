// Register numbers to wire addresses. The leading digits are those of the Modicon 984 (PI-MBUS-300 Rev. J,
// chapter 1), which the Modbus specification calls data model blocks.
#include "drivers/meter/numbering.hpp"

namespace congto::meter {

namespace {

Result<WireAddress> counted_from(std::int64_t first, const RegisterNumber& number) {
  if (!number.quoted.empty()) {
    return Error{
        "expected a number without quotes (only numbering = \"modicon\" has texts such as \"00001\")"};
  }
  if (number.number >= first && number.number - first < register_addresses)
    return WireAddress{static_cast<std::uint16_t>(number.number - first), std::nullopt};
  std::string message = "expected a register number " + std::to_string(first) + " to " +
                        std::to_string(first + register_addresses - 1) + ", found " +
                        std::to_string(number.number);
  const bool six_digits = number.number > 300'000 && number.number <= 465'536;
  if (six_digits) message += "; a manual that counts so needs numbering = \"modicon\"";
  return Error{message};
}

std::optional<modbus::Function> function_of_digit(char digit) {
  switch (digit) {
    case '0':
      return modbus::Function::read_coils;
    case '1':
      return modbus::Function::read_discrete_inputs;
    case '3':
      return modbus::Function::read_input_registers;
    case '4':
      return modbus::Function::read_holding_registers;
    default:
      return std::nullopt;
  }
}

Result<WireAddress> modicon(const RegisterNumber& number) {
  const std::string digits = number.quoted.empty() ? std::to_string(number.number) : number.quoted;
  if (digits.size() != 5 && digits.size() != 6) {
    return Error{"expected five or six digits such as 40013 or 400013 (numbering = \"modicon\"), found " +
                 digits + "; coils are written as a text, \"00013\""};
  }
  const auto function = function_of_digit(digits.front());
  if (!function) {
    return Error{
        "expected a first digit 0 (coils), 1 (discrete inputs), 3 (input registers) or 4 (holding registers) "
        "(numbering = \"modicon\"), found " +
        digits};
  }
  const std::int64_t at = std::stoll(digits.substr(1)) - 1;
  if (at < 0 || at >= register_addresses) {
    return Error{"expected a number from " + digits.substr(0, 1) + std::string(digits.size() - 2, '0') +
                 "1 on, at most " + digits.substr(0, 1) + "65536 (numbering = \"modicon\"), found " + digits};
  }
  return WireAddress{static_cast<std::uint16_t>(at), function};
}

}  // namespace

Result<WireAddress> wire_address(Numbering numbering, const RegisterNumber& number) {
  switch (numbering) {
    case Numbering::wire:
      return counted_from(0, number);
    case Numbering::one:
      return counted_from(1, number);
    case Numbering::modicon:
      return modicon(number);
  }
  return counted_from(0, number);
}

std::optional<modbus::Function> modicon_function(modbus::Function given, const RegisterNumber& number) {
  if (number.hexadecimal || number.number < 10'000 || number.number > 99'999 || number.number % 10'000 == 0)
    return std::nullopt;
  const auto function = function_of_digit(std::to_string(number.number).front());
  const auto reads_registers = [](modbus::Function code) {
    return code == modbus::Function::read_holding_registers || code == modbus::Function::read_input_registers;
  };
  if (!function || reads_registers(*function) != reads_registers(given)) return std::nullopt;
  if (!reads_registers(given) && *function != given) return std::nullopt;
  return function;
}

}  // namespace congto::meter
