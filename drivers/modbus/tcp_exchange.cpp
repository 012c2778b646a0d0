// See tcp_exchange.hpp.
#include "drivers/modbus/tcp_exchange.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "drivers/modbus/tcp_frame.hpp"

namespace congto::modbus {

void TcpExchange::begin(const Request& request, std::uint16_t transaction) {
  frame_.clear();
  append_tcp_request(transaction, request, frame_);
  request_ = request;
  transaction_ = transaction;
  received_.clear();
  outcome_.reset();
  stale_bytes_ = 0;
  must_reconnect_ = false;
}

void TcpExchange::feed(std::span<const std::uint8_t> bytes, BootTime now) {
  received_.insert(received_.end(), bytes.begin(), bytes.end());
  std::size_t at = 0;
  while (received_.size() - at >= tcp_head_bytes && !must_reconnect_) {
    const auto rest = std::span<const std::uint8_t>(received_).subspan(at);
    const TcpHead head = tcp_head(rest);
    if (!head.well_formed()) {
      must_reconnect_ = true;  // where the next frame begins is unknown
      if (!done()) {
        outcome_ = bad_reply("no Modbus TCP frame: protocol " + std::to_string(head.protocol) + ", length " +
                             std::to_string(head.length));
      }
      break;
    }
    if (rest.size() < head.frame_bytes()) break;
    if (!done() && head.transaction == transaction_) {
      take_frame(rest.first(head.frame_bytes()), now);
    } else {
      stale_bytes_ += head.frame_bytes();
    }
    at += head.frame_bytes();
  }
  received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(at));
}

Exchanged<Reply> TcpExchange::finish(BootTime) {
  // A frame that has begun behind the reply would be taken for the beginning of the next one.
  if (!received_.empty()) must_reconnect_ = true;
  if (!done()) {
    // The reply may still come, and where ids are not kept it would be taken for the next one, for ever
    // after.
    must_reconnect_ = true;
    std::string detail = "unit " + std::to_string(request_.unit) + " did not answer in time";
    if (stale_bytes_ > 0) {
      detail += "; " + std::to_string(stale_bytes_) + " bytes of frames with another transaction id came";
    }
    if (!received_.empty()) detail += "; " + std::to_string(received_.size()) + " bytes of a frame came";
    outcome_ = Failure{FailureKind::timeout, 0, detail};
  }
  Exchanged<Reply> outcome = std::move(*outcome_);
  return outcome;
}

void TcpExchange::take_frame(std::span<const std::uint8_t> frame, BootTime now) {
  const TcpHead head = tcp_head(frame);
  if (head.unit != request_.unit) {
    outcome_ = bad_reply("the answer to its request came from unit " + std::to_string(head.unit));
    return;
  }
  const auto pdu = frame.subspan(tcp_head_bytes);
  switch (fit(request_, pdu)) {
    case Fit::reply: {
      Reply reply;
      reply.words = reply_words(request_, pdu);
      reply.last_byte = now;
      reply.took = std::max(now - request_left_, BootTime::duration::zero());
      outcome_ = std::move(reply);
      return;
    }
    case Fit::exception:
      outcome_ = Failure{
          FailureKind::exception, pdu[1],
          "unit " + std::to_string(request_.unit) + " answered with exception " + std::to_string(pdu[1])};
      return;
    case Fit::other:
      outcome_ = bad_reply("function " + std::to_string(pdu[0]) + " with " + std::to_string(pdu.size()) +
                           " bytes does not answer function " +
                           std::to_string(static_cast<unsigned>(request_.function)) + " for " +
                           std::to_string(request_.count));
      return;
  }
}

Failure TcpExchange::bad_reply(const std::string& what) const {
  return Failure{FailureKind::bad_reply, 0, "unit " + std::to_string(request_.unit) + ": " + what};
}

}  // namespace congto::modbus
