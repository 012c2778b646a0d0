// How long a request is, told from its first bytes, for every function a master might send: a unit must know
// where a request ends even to refuse it. Pure; deliberately not the code that the agent frames replies with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace congto::simulate {

// Bytes of the whole RTU frame, CRC included; nothing while more bytes are needed to tell, 0 for a function
// whose length is not known: such a frame ends with the silence.
std::optional<std::size_t> rtu_request_length(std::span<const std::uint8_t> bytes);

}  // namespace congto::simulate
