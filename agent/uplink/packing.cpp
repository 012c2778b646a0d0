// gzip with a guess before it: what a text takes is known only once it is packed.
#include "agent/uplink/packing.hpp"

#include <algorithm>
#include <utility>

#include "agent/contract/gzip.hpp"

namespace congto::uplink {

namespace {
// Longer texts hardly pack better (gzip looks back 32 KiB; twice as long saves 1 %), and polls wait while one
// is made.
constexpr std::size_t longest_text = 128 * 1024;
constexpr std::size_t too_short = 512;  // saves hardly more than what packing adds
constexpr std::size_t property = 25;    // the user property's bytes in the packet
constexpr double margin = 0.9;          // texts differ a little
}  // namespace

std::size_t Packing::text_for(std::size_t wire) const {
  if (!allowed_) return wire;
  const auto text = static_cast<std::size_t>(margin * static_cast<double>(wire) / share_);
  return std::max(wire, std::min(text, longest_text));
}

Payload Packing::pack(std::string text, std::size_t wire) {
  if (!allowed_ || text.size() < too_short) return {std::move(text), {}};
  auto packed = contract::gzip(text);
  const std::size_t bytes = packed ? packed->size() + property : text.size();  // no memory for it: as it is
  // A text that needed no packing is short, and short texts pack worse than those that text_for() is about.
  if (text.size() > wire)
    share_ = std::min(1.0, static_cast<double>(bytes) / static_cast<double>(text.size()));
  if (bytes >= text.size()) return {std::move(text), {}};
  return {std::move(*packed), contract::gzip_encoding};
}

}  // namespace congto::uplink
