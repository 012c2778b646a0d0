// TcpExchange: one request and the search for its reply in a Modbus TCP stream, as a sans-I/O machine.
// Used by tcp_link. Bytes and times are handed in; it reads no clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "drivers/core/clock.hpp"
#include "drivers/modbus/failure.hpp"
#include "drivers/modbus/pdu.hpp"

namespace congto::modbus {

class TcpExchange {
 public:
  // Begins anew, on a stream at the beginning of a frame. Throws std::invalid_argument where objection()
  // speaks.
  void begin(const Request& request, std::uint16_t transaction);
  // The bytes to send.
  std::span<const std::uint8_t> frame() const { return frame_; }
  // The frame was handed to the socket; gives the time from which the reply is awaited.
  BootTime sent(BootTime now) { return request_left_ = now; }
  // What the reply takes on the wire: nothing that counts.
  std::chrono::microseconds reply_time() const { return std::chrono::microseconds(0); }

  // Bytes as they came. Frames with another transaction id are skipped and counted.
  void feed(std::span<const std::uint8_t> bytes, BootTime now);
  // Nothing more to wait for.
  bool done() const { return outcome_.has_value(); }
  BootTime wait_until(BootTime deadline) const { return deadline; }
  // The outcome, once: when done, or at the deadline.
  Exchanged<Reply> finish(BootTime now);

  // The stream can't be used for another exchange: its frames are lost, or a reply is still owed.
  bool must_reconnect() const { return must_reconnect_; }
  // Bytes of frames that belong to no request of ours, or to one given up.
  std::uint64_t stale_bytes() const { return stale_bytes_; }

 private:
  void take_frame(std::span<const std::uint8_t> frame, BootTime now);
  Failure bad_reply(const std::string& what) const;

  Request request_;
  std::uint16_t transaction_ = 0;
  std::vector<std::uint8_t> frame_;
  std::vector<std::uint8_t> received_;
  BootTime request_left_;
  std::optional<Exchanged<Reply>> outcome_;
  std::uint64_t stale_bytes_ = 0;
  bool must_reconnect_ = false;
};

}  // namespace congto::modbus
