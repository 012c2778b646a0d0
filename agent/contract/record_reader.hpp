// One record of a batch, checked against contract.md. Used by parse_batch alone. Pure.
#pragma once

#include <string>

#include "agent/contract/batch_reader.hpp"
#include "agent/contract/json_view.hpp"

namespace congto::contract {

struct ReadRecord {
  ParsedRecord record;  // with its seq, where that could be read, even when the rest is refused
  std::string reason;   // why it is refused; empty when it is good
};

// `layout_named`: the batch says which layout its samples were read with.
ReadRecord read_record(const JsonView& json, bool layout_named);

// "timeout", "exception-2", …: the closed list of what a point without a good value may be called.
bool known_quality_word(std::string_view word);

}  // namespace congto::contract
