// The numbers of contract.md that both ends keep to. Plain constants.
#pragma once

#include <cstddef>
#include <cstdint>

namespace congto::contract {

inline constexpr int version = 1;
inline constexpr std::size_t max_batch_bytes = 64 * 1024;  // on the wire
inline constexpr std::size_t max_batch_readings = 20'000;
inline constexpr std::size_t max_expanded_bytes = 1024 * 1024;  // after gzip is undone
inline constexpr std::size_t max_status_bytes = 16 * 1024;      // a status stays below it
inline constexpr std::size_t max_status_epochs = 20;
inline constexpr std::size_t max_ack_ranges = 64;          // an epoch, in acks and requests
inline constexpr std::size_t max_entries = 256;            // of one ack, and of one request
inline constexpr std::size_t max_request_metas = 20;       // of these, layouts
inline constexpr std::size_t max_name_bytes = 200;         // of meters, points and layouts
inline constexpr std::size_t max_layout_points = 100'000;  // of all meters of a layout
inline constexpr std::int64_t max_unit_id = 255;
inline constexpr std::int64_t max_integer = (std::int64_t{1} << 53) - 1;  // exact in every JSON reader

}  // namespace congto::contract
