// Packing: makes backfill's batches small for the wire, and learns how much text makes one packed batch.
// Pure; used by BackfillLane only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace congto::uplink {

struct Payload {
  std::string bytes;
  std::string_view content_encoding;  // "gzip"; empty for a text as it is
};

class Packing {
 public:
  // Not allowed with ack = "broker": every payload is then its text.
  explicit Packing(bool allowed) : allowed_(allowed) {}

  // A text so long will probably take `wire` bytes, judged by those before it. A guess that was wrong makes
  // the next one shorter, down to `wire`, where no packing is needed.
  std::size_t text_for(std::size_t wire) const;
  // As packed as it pays. `wire`: as for text_for().
  Payload pack(std::string text, std::size_t wire);

 private:
  bool allowed_;
  double share_ = 0.25;  // of a text is left of it
};

}  // namespace congto::uplink
