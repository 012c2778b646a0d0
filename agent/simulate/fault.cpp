// See fault.hpp.
#include "agent/simulate/fault.hpp"

#include <charconv>
#include <optional>

namespace congto::simulate {

namespace {

constexpr unsigned longest_delay_ms = 600'000;

std::optional<unsigned> number(std::string_view text, unsigned last) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 1 || value > last)
    return std::nullopt;
  return value;
}

}  // namespace

Result<Fault> parse_fault(std::string_view text) {
  Fault fault;
  const std::size_t colon = text.find(':');
  const std::string_view word = text.substr(0, colon);
  const std::string_view rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  if (word == "late") {
    const auto milliseconds = number(rest, longest_delay_ms);
    if (!milliseconds) {
      return Error{"fault \"" + std::string(text) +
                   "\": late needs milliseconds from 1 to 600000, as in late:300"};
    }
    fault.kind = FaultKind::late;
    fault.delay = std::chrono::milliseconds(*milliseconds);
    return fault;
  }
  if (word == "exception") {
    const auto code = number(rest, 255);
    if (!code) {
      return Error{"fault \"" + std::string(text) +
                   "\": exception needs a code from 1 to 255, as in exception:2"};
    }
    fault.kind = FaultKind::exception;
    fault.exception = static_cast<std::uint8_t>(*code);
    return fault;
  }
  if (text == "silent") fault.kind = FaultKind::silent;
  if (text == "noise") fault.kind = FaultKind::noise;
  if (text == "crc") fault.kind = FaultKind::crc;
  if (fault.kind == FaultKind::none) {
    return Error{"there is no fault \"" + std::string(text) +
                 "\"; there are silent, late:MS, noise, exception:N and crc"};
  }
  return fault;
}

Result<std::pair<std::string, Fault>> parse_meter_fault(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return Error{"fault \"" + std::string(text) +
                 "\" names no meter: write METER=FAULT, as in compressor-1=silent"};
  }
  const auto fault = parse_fault(text.substr(equals + 1));
  if (!fault) return fault.error();
  return std::pair(std::string(text.substr(0, equals)), *fault);
}

}  // namespace congto::simulate
