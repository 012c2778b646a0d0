// gzip (RFC 1952) of one payload: what up/backfill may be on the wire. The agent packs, the centre unpacks.
// Pure; zlib's working memory (some 260 kB packing, 40 kB unpacking) lives only inside a call.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "drivers/core/error.hpp"

namespace congto::contract {

// What a message's user property content-encoding says of it.
inline constexpr std::string_view gzip_encoding = "gzip";

// Fails only when there is no memory.
Result<std::string> gzip(std::string_view text);

// Takes exactly one member and nothing behind it: gzip allows several, but this contract's packer writes one,
// and a reader that stopped after the first would lose the rest without a word. Stops as soon as more than
// `max_bytes` come out, and never holds more than that.
Result<std::string> gunzip(std::string_view packed, std::size_t max_bytes);

}  // namespace congto::contract
