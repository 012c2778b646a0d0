// See unit_set.hpp.
#include "agent/simulate/unit_set.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "drivers/modbus/crc16.hpp"

namespace congto::simulate {

namespace {

constexpr std::uint8_t illegal_function = 1;
constexpr std::uint8_t illegal_value = 3;
constexpr std::uint8_t gateway_target_silent = 11;

std::uint8_t low(std::size_t word) { return static_cast<std::uint8_t>(word & 0xFF); }
std::uint8_t high(std::size_t word) { return static_cast<std::uint8_t>(word >> 8 & 0xFF); }
std::uint16_t word_at(std::span<const std::uint8_t> bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

std::vector<std::uint8_t> exception_pdu(std::uint8_t function, std::uint8_t code) {
  return {static_cast<std::uint8_t>(function | 0x80), code};
}

std::vector<std::uint8_t> register_pdu(std::uint8_t function, const std::vector<std::uint16_t>& words) {
  std::vector<std::uint8_t> pdu{function, low(words.size() * 2)};
  for (const std::uint16_t word : words) {
    pdu.push_back(high(word));
    pdu.push_back(low(word));
  }
  return pdu;
}

// Coils: eight a byte, the first in the lowest bit.
std::vector<std::uint8_t> bit_pdu(std::uint8_t function, const std::vector<std::uint16_t>& bits) {
  const std::size_t bytes = (bits.size() + 7) / 8;
  std::vector<std::uint8_t> pdu{function, low(bytes)};
  pdu.resize(2 + bytes, 0);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (bits[i] != 0) pdu[2 + i / 8] = static_cast<std::uint8_t>(pdu[2 + i / 8] | 1U << i % 8);
  }
  return pdu;
}

}  // namespace

UnitSet::UnitSet(meter::Transport transport, bool strict, std::function<void()> advance, Random random)
    : transport_(transport), strict_(strict), advance_(std::move(advance)), random_(random) {}

bool UnitSet::set_fault(const std::string& meter, const Fault& fault) {
  bool found = false;
  for (auto& [id, unit] : units_) {
    if (meter == "*" || std::ranges::find(unit.meters, meter) != unit.meters.end()) {
      unit.fault = fault;
      found = true;
    }
  }
  return found;
}

std::vector<std::uint8_t> UnitSet::read(const Unit& unit, std::span<const std::uint8_t> pdu) const {
  const std::uint8_t function = pdu[0];
  if (function < 1 || function > 4) return exception_pdu(function, illegal_function);
  if (pdu.size() != 5) return exception_pdu(function, illegal_value);
  const auto read = unit.image.read(static_cast<modbus::Function>(function), word_at(pdu, 1), word_at(pdu, 3),
                                    unit.limits, strict_);
  if (read.exception != 0) return exception_pdu(function, read.exception);
  return function <= 2 ? bit_pdu(function, read.words) : register_pdu(function, read.words);
}

std::optional<Answer> UnitSet::answer(modbus::UnitId id, std::span<const std::uint8_t> pdu) {
  if (pdu.empty()) return std::nullopt;
  const bool gateway = transport_ == meter::Transport::tcp;
  const auto found = units_.find(id);
  if (found == units_.end()) {
    if (!gateway) return std::nullopt;
    return Answer{exception_pdu(pdu[0], gateway_target_silent), {}, Damage::none};
  }
  const Unit& unit = found->second;
  Answer answer;
  switch (unit.fault.kind) {
    case FaultKind::silent:
      return std::nullopt;
    case FaultKind::exception:
      answer.pdu = exception_pdu(pdu[0], unit.fault.exception);
      return answer;
    case FaultKind::crc:
      if (gateway) return Answer{exception_pdu(pdu[0], gateway_target_silent), {}, Damage::none};
      answer.damage = Damage::wrong_crc;
      break;
    case FaultKind::noise:
      answer.damage = Damage::rubbish;
      break;
    case FaultKind::late:
      answer.delay = unit.fault.delay;
      break;
    case FaultKind::none:
      break;
  }
  advance_();
  answer.pdu = read(unit, pdu);
  return answer;
}

std::vector<std::uint8_t> UnitSet::rubbish(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::uint8_t& byte : bytes) byte = random_.byte();
  return bytes;
}

std::vector<std::uint8_t> UnitSet::rtu_frame(modbus::UnitId id, const Answer& answer) {
  std::vector<std::uint8_t> frame{id};
  frame.insert(frame.end(), answer.pdu.begin(), answer.pdu.end());
  std::uint16_t crc = modbus::crc16(frame);
  if (answer.damage == Damage::wrong_crc) crc = static_cast<std::uint16_t>(~crc);
  frame.push_back(low(crc));
  frame.push_back(high(crc));
  return answer.damage == Damage::rubbish ? rubbish(frame.size()) : frame;
}

std::vector<std::uint8_t> UnitSet::tcp_frame(std::uint16_t transaction, modbus::UnitId id,
                                             const Answer& answer) {
  const std::size_t length = answer.pdu.size() + 1;
  std::vector<std::uint8_t> frame{high(transaction), low(transaction), 0, 0, high(length), low(length), id};
  frame.insert(frame.end(), answer.pdu.begin(), answer.pdu.end());
  return answer.damage == Damage::rubbish ? rubbish(frame.size()) : frame;
}

}  // namespace congto::simulate
