// content_hash: 64 bits that stand for what a record says, whatever the order of its fields and the form of
// its numbers; so that the same key with another content is noticed. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/contract/batch_reader.hpp"

namespace congto::central {

// `layout`: the batch's "meta"; it counts for samples only, which mean nothing without it.
std::int64_t content_hash(const contract::ParsedRecord& record, std::string_view layout);

// SHA-256, 32 bytes.
std::string sha256(std::string_view text);

}  // namespace congto::central
