// See stray_frames.hpp.
#include "drivers/modbus/stray_frames.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "drivers/modbus/rtu_frame.hpp"

namespace congto::modbus {
namespace {

// Public function codes (Modbus Application Protocol V1.1b3, section 5.1). Testing a CRC only behind one of
// these keeps chance matches in noise near one in 500,000 bytes.
constexpr std::array<std::uint8_t, 19> public_functions = {1,  2,  3,  4,  5,  6,  7,  8,  11, 12,
                                                           15, 16, 17, 20, 21, 22, 23, 24, 43};

bool is_public(std::uint8_t function) {
  return std::find(public_functions.begin(), public_functions.end(), function) != public_functions.end();
}

// Requests of these carry nothing but the function code.
bool is_bare_request(std::uint8_t function) {
  return function == 7 || function == 11 || function == 12 || function == 17;
}

struct Shape {
  std::size_t bytes;
  bool reply_like;
};

// Every length that a frame beginning here can have. 0 stands for none.
std::array<Shape, 5> shapes(std::span<const std::uint8_t> rest) {
  std::array<Shape, 5> found{};
  const std::uint8_t function = rest[1];
  if ((function & 0x80) != 0) {
    found[0] = {is_public(function & 0x7F) ? 5u : 0u, true};
    return found;
  }
  if (!is_public(function)) return found;
  found[0] = {is_bare_request(function) ? 4u : 0u, false};
  found[1] = {8, false};                                  // address and count, or address and value
  if (rest.size() > 2) found[2] = {5u + rest[2], true};   // a reply with its byte count
  if (rest.size() > 6) found[3] = {9u + rest[6], false};  // a request that carries data
  if (function == static_cast<std::uint8_t>(Function::read_device_identification) && rest.size() > 3) {
    found[0] = {7, false};
    const Request request{rest[0], Function::read_device_identification, 0, rest[3]};
    const PduLength length = rtu_reply_length(request, rest);
    if (length.state == PduLength::State::known) found[4] = {length.bytes, true};
  }
  return found;
}

std::optional<StrayFrame> frame_at(std::span<const std::uint8_t> rest) {
  constexpr UnitId highest_unit = 247;
  if (rest.size() < 4 || rest[0] > highest_unit) return std::nullopt;
  auto lengths = shapes(rest);
  std::sort(lengths.begin(), lengths.end(), [](const Shape& a, const Shape& b) {
    return a.bytes != b.bytes ? a.bytes > b.bytes : a.reply_like > b.reply_like;
  });
  for (const Shape& shape : lengths) {
    if (shape.bytes == 0 || shape.bytes > rest.size() || shape.bytes > max_rtu_bytes) continue;
    if (crc_valid(rest.first(shape.bytes))) {
      return StrayFrame{rest[0], rest[1], shape.reply_like, shape.bytes};
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<StrayFrame> find_frames(std::span<const std::uint8_t> bytes) {
  std::vector<StrayFrame> found;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto frame = frame_at(bytes.subspan(at));
    if (frame) found.push_back(*frame);
    at += frame ? frame->bytes : 1;
  }
  return found;
}

}  // namespace congto::modbus
