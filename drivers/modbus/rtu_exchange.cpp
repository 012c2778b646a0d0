// See rtu_exchange.hpp.
#include "drivers/modbus/rtu_exchange.hpp"

#include <algorithm>

#include "drivers/modbus/rtu_frame.hpp"
#include "drivers/modbus/stray_frames.hpp"

namespace congto::modbus {
namespace {

constexpr std::size_t stray_kept = 32 * 1024;
// What a switching transceiver may put behind a frame: one byte of anything (a reply captured from an SDM220,
// frames.csv f11), or a few of a line that floats (wirenboard/wb-mqtt-serial#650).
bool is_glitch(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t most = 4;
  const auto floats = [](std::uint8_t byte) { return byte == 0x00 || byte == 0xFF; };
  return bytes.size() <= 1 || (bytes.size() <= most && std::all_of(bytes.begin(), bytes.end(), floats));
}

}  // namespace

void RtuExchange::begin(const Request& request, Echo echo) {
  frame_.clear();
  append_rtu_request(request, frame_);
  request_ = request;
  received_.clear();
  at_ = 0;
  stray_.clear();
  stray_bytes_ = 0;
  echo_ = echo;
  echo_stripped_ = false;
  outcome_ = Outcome::waiting;
  reply_ = Reply();
  exception_ = 0;
  exception_waits_ = false;
  looked_at_ = 0;
  damaged_until_ = 0;
  damage_.clear();
}

void RtuExchange::feed(std::span<const std::uint8_t> bytes, BootTime now) {
  if (bytes.empty()) return;
  received_.insert(received_.end(), bytes.begin(), bytes.end());
  last_byte_ = now;
  exception_waits_ = false;
  scan(false);
}

std::optional<BootTime> RtuExchange::garbage_ends() const {
  const bool rest_may_be_a_frame = !received_.empty();
  const bool damage_is_last = !damage_.empty() && !rest_may_be_a_frame;
  if (done() || !(damage_is_last || exception_waits_)) return std::nullopt;
  return last_byte_ + end_of_garbage;
}

Exchanged<Reply> RtuExchange::finish(BootTime request_left) {
  if (!done()) scan(true);
  if (outcome_ == Outcome::reply) {
    reply_.took = std::max(reply_.last_byte - request_left, BootTime::duration::zero());
    return std::move(reply_);
  }
  if (outcome_ == Outcome::exception) {
    return Failure{
        FailureKind::exception, exception_,
        "unit " + std::to_string(request_.unit) + " answered with exception " + std::to_string(exception_)};
  }
  return why_nothing_fits();
}

// The bytes are looked at in their order. Where a frame for us may begin, its end is awaited before anything
// behind it counts: so nothing inside a reply can pass for one. When nothing more comes, that place is given
// up and the search goes on behind it.
void RtuExchange::scan(bool nothing_more_comes) {
  while (at_ < received_.size()) {
    const auto rest = std::span<const std::uint8_t>(received_).subspan(at_);
    if (done()) {
      skip(rest.size());
      continue;
    }
    const Step step = look(rest, nothing_more_comes);
    if (step == Step::hold) break;
    if (step == Step::next_byte) skip(1);
  }
  received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(at_));
  at_ = 0;
}

RtuExchange::Step RtuExchange::look(std::span<const std::uint8_t> rest, bool nothing_more_comes) {
  if (const auto step = look_for_echo(rest, nothing_more_comes)) return *step;
  const PduLength length = rtu_reply_length(request_, rest);
  if (length.state == PduLength::State::never) return Step::next_byte;
  if (length.state == PduLength::State::more_needed) {
    return nothing_more_comes ? Step::next_byte : Step::hold;
  }
  if (rest.size() < length.bytes) {
    if (!nothing_more_comes) return Step::hold;
    damaged(length.bytes,
            "cut short: " + std::to_string(rest.size()) + " of " + std::to_string(length.bytes) + " bytes");
    return Step::next_byte;
  }
  const auto frame = rest.first(length.bytes);
  if (!crc_valid(frame)) {
    damaged(length.bytes, crc_trouble(frame));
    return Step::next_byte;
  }
  // rtu_reply_length() checked unit, function, byte count and length; fit() repeats it on the whole frame.
  switch (fit(request_, rtu_pdu(frame))) {
    case Fit::other:
      return Step::next_byte;
    case Fit::exception:
      return look_at_exception(rest, frame.size(), nothing_more_comes);
    case Fit::reply:
      accept(frame);
  }
  return Step::again;
}

// An exception is so short that the data of a longer reply may hold one, checksum included, and a damaged
// head may become one. So it is believed only when the line is silent behind it, and never inside a damaged
// reply.
RtuExchange::Step RtuExchange::look_at_exception(std::span<const std::uint8_t> rest, std::size_t bytes,
                                                 bool nothing_more_comes) {
  const bool inside_damaged_reply = looked_at_ + bytes <= damaged_until_;
  if (inside_damaged_reply || !is_glitch(rest.subspan(bytes))) return Step::next_byte;
  exception_waits_ = true;
  if (!nothing_more_comes) return Step::hold;
  accept(rest.first(bytes));
  return Step::again;
}

void RtuExchange::damaged(std::size_t bytes, std::string how) {
  damaged_until_ = std::max(damaged_until_, looked_at_ + bytes);
  damage_ = std::move(how);
}

// A reply to a coil request can equal the request byte for byte (17-24 coils at addresses 0x0300-0x03FF) or a
// part of it. Such bytes count as a reply only on a line that is known to be free of echo.
std::optional<RtuExchange::Step> RtuExchange::look_for_echo(std::span<const std::uint8_t> rest,
                                                            bool nothing_more_comes) {
  if (echo_stripped_) return std::nullopt;
  const std::size_t shared = std::min(rest.size(), frame_.size());
  if (!std::equal(frame_.begin(), frame_.begin() + static_cast<std::ptrdiff_t>(shared), rest.begin())) {
    return std::nullopt;
  }
  const PduLength length = rtu_reply_length(request_, rest);
  const bool could_be_reply = length.state == PduLength::State::known && length.bytes <= rest.size() &&
                              crc_valid(rest.first(length.bytes));
  if (could_be_reply && echo_ == Echo::no) return std::nullopt;
  if (shared < frame_.size()) return nothing_more_comes ? Step::next_byte : Step::hold;
  if (!could_be_reply) echo_ = Echo::yes;
  echo_stripped_ = true;
  pass(shared);
  return Step::again;
}

void RtuExchange::accept(std::span<const std::uint8_t> frame) {
  const auto pdu = rtu_pdu(frame);
  if (fit(request_, pdu) == Fit::exception) {
    outcome_ = Outcome::exception;
    exception_ = pdu[1];
  } else {
    outcome_ = Outcome::reply;
    reply_.words = reply_words(request_, pdu);
  }
  reply_.last_byte = last_byte_;
  if (echo_ == Echo::unknown && !echo_stripped_) echo_ = Echo::no;
  pass(frame.size());
}

void RtuExchange::skip(std::size_t bytes) {
  const auto begin = received_.begin() + static_cast<std::ptrdiff_t>(at_);
  const std::size_t kept = std::min(bytes, stray_kept - std::min(stray_kept, stray_.size()));
  stray_.insert(stray_.end(), begin, begin + static_cast<std::ptrdiff_t>(kept));
  stray_bytes_ += bytes;
  pass(bytes);
}

void RtuExchange::pass(std::size_t bytes) {
  at_ += bytes;
  looked_at_ += bytes;
}

Failure RtuExchange::why_nothing_fits() const {
  const std::string unit = "unit " + std::to_string(request_.unit);
  if (!damage_.empty()) return Failure{FailureKind::crc, 0, unit + ": " + damage_};
  for (const StrayFrame& frame : find_frames(stray_)) {
    if (frame.unit != request_.unit || !frame.reply_like) continue;
    return Failure{FailureKind::bad_reply, 0,
                   unit + " sent a frame of " + std::to_string(frame.bytes) + " bytes (function " +
                       std::to_string(frame.function) +
                       ") that does not answer the request: late, or of another length"};
  }
  std::string detail = unit + " did not answer in time";
  if (stray_bytes_ > 0) detail += "; " + std::to_string(stray_bytes_) + " bytes came that are not its reply";
  return Failure{FailureKind::timeout, 0, detail};
}

}  // namespace congto::modbus
