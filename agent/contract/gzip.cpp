// Around zlib: the whole payload is at hand, so each call is one loop over a small buffer.
#include "agent/contract/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <utility>

namespace congto::contract {

namespace {

constexpr int window_bits = 15 + 16;  // 32 KiB, and gzip's frame instead of zlib's own
constexpr int memory_level = 8;       // zlib's default
// Measured on batches of noisy values: 4 to 10 % smaller than level 4; level 6 would save 3 to 6 % more and
// take up to twice as long. Digits that look random pack better when short matches are left alone.
constexpr int level = 5;
constexpr int strategy = Z_FILTERED;
constexpr std::size_t buffer_size = 16 * 1024;
constexpr std::size_t most_expanded = 1032;  // deflate gives at most so many bytes for one

// zlib counts in unsigned int; no payload of this contract comes near.
uInt length(std::size_t size) { return static_cast<uInt>(size); }

void start_reading(z_stream& stream, std::string_view from) {
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(from.data()));  // only read from
  stream.avail_in = length(from.size());
}

// One step: whatever comes out is in the first part of `buffer`.
template <class Step>
int step(z_stream& stream, std::array<char, buffer_size>& buffer, std::size_t& made, Step run) {
  stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
  stream.avail_out = length(buffer.size());
  const int result = run();
  made = buffer.size() - stream.avail_out;
  return result;
}

bool begins_like_gzip(std::string_view packed) { return packed.substr(0, 3) == "\x1f\x8b\x08"; }

Error failure(const z_stream& stream, int result) {
  if (result == Z_MEM_ERROR) return Error{"gzip: no memory to unpack it"};
  if (result == Z_BUF_ERROR || result == Z_OK) return Error{"gzip: the data are cut short"};
  return Error{std::string("gzip: the data are damaged: ") +
               (stream.msg != nullptr ? stream.msg : "not what a packer writes")};
}

struct Inflating {
  z_stream stream{};
  int started = inflateInit2(&stream, window_bits);
  ~Inflating() {
    if (started == Z_OK) inflateEnd(&stream);
  }
};

}  // namespace

Result<std::string> gzip(std::string_view text) {
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, window_bits, memory_level, strategy) != Z_OK)
    return Error{"gzip: no memory to pack " + std::to_string(text.size()) + " bytes"};
  start_reading(stream, text);
  std::string out;
  std::array<char, buffer_size> buffer;
  std::size_t made = 0;
  int result = Z_OK;
  while (result == Z_OK) {
    result = step(stream, buffer, made, [&] { return deflate(&stream, Z_FINISH); });
    out.append(buffer.data(), made);
  }
  deflateEnd(&stream);
  if (result != Z_STREAM_END) return Error{"gzip: packing failed (zlib " + std::to_string(result) + ")"};
  return {boost::system::in_place_value, std::move(out)};
}

Result<std::string> gunzip(std::string_view packed, std::size_t max_bytes) {
  if (!begins_like_gzip(packed)) return Error{"gzip: the data do not begin like gzip (1f 8b 08)"};
  Inflating inflating;
  z_stream& stream = inflating.stream;
  if (inflating.started != Z_OK) return failure(stream, inflating.started);
  start_reading(stream, packed);
  std::string out;
  out.reserve(std::min(max_bytes, most_expanded * packed.size()));  // once, so that it never doubles past it
  std::array<char, buffer_size> buffer;
  std::size_t made = 0;
  int result = Z_OK;
  while (result == Z_OK) {
    result = step(stream, buffer, made, [&] { return inflate(&stream, Z_NO_FLUSH); });
    if (made > max_bytes - out.size())
      return Error{"gzip: more than " + std::to_string(max_bytes) + " bytes come out of it"};
    out.append(buffer.data(), made);
    if (result == Z_OK && stream.avail_in == 0 && stream.avail_out > 0) break;  // it wants more than there is
  }
  if (result != Z_STREAM_END) return failure(stream, result);
  out.shrink_to_fit();
  if (stream.avail_in == 0) return {boost::system::in_place_value, std::move(out)};
  const std::string_view rest = packed.substr(packed.size() - stream.avail_in);
  return Error{begins_like_gzip(rest)
                   ? "gzip: a second member follows; one payload is one member"
                   : "gzip: something follows its end: " + std::to_string(rest.size()) + " bytes"};
}

}  // namespace congto::contract
