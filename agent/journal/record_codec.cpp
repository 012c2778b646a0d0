// The fields of each kind in order. First byte: bits 0-2 kind, 3-4 packing, 5 qualities follow, 6-7 version
// 0.
#include "agent/journal/record_codec.hpp"

#include <array>
#include <boost/crc.hpp>

#include "agent/journal/bytes.hpp"
#include "agent/journal/word_packing.hpp"

namespace congto::journal {

namespace {

constexpr std::uint8_t kind_mask = 0x07;
constexpr unsigned packing_shift = 3;
constexpr std::uint8_t quality_flag = 0x20;
constexpr std::uint8_t version_mask = 0xc0;
constexpr std::size_t crc_size = 4;

// CRC-32C (Castagnoli), as in RFC 3720. The key is part of it: a row under a wrong key is found out too.
std::uint32_t checksum(std::int64_t key, std::span<const std::uint8_t> bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  std::array<std::uint8_t, 8> key_bytes{};
  for (std::size_t i = 0; i < key_bytes.size(); ++i) {
    key_bytes[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(key) >> (8 * i));
  }
  crc.process_bytes(key_bytes.data(), key_bytes.size());
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

std::int64_t count(BootTime time) { return time.time_since_epoch().count(); }
BootTime boot_time(std::int64_t microseconds) { return BootTime(std::chrono::microseconds(microseconds)); }

void put(ByteWriter& writer, const EpochId& epoch) { writer.bytes(epoch.bytes()); }

EpochId get_epoch(ByteReader& in) {
  std::array<std::uint8_t, 16> bytes{};
  const auto taken = in.bytes(bytes.size());
  std::copy(taken.begin(), taken.end(), bytes.begin());
  return EpochId(bytes);
}

// Runs of equal qualities: mostly one.
void put_qualities(ByteWriter& writer, const std::vector<meter::Quality>& qualities) {
  for (std::size_t i = 0; i < qualities.size();) {
    std::size_t end = i;
    while (end < qualities.size() && qualities[end] == qualities[i]) ++end;
    writer.byte(static_cast<std::uint8_t>(qualities[i]));
    writer.varint(end - i);
    i = end;
  }
}

bool get_qualities(ByteReader& in, std::vector<meter::Quality>& qualities) {
  for (std::size_t i = 0; i < qualities.size();) {
    const auto quality = static_cast<meter::Quality>(in.byte());
    const auto length = in.varint();
    if (length == 0 || length > qualities.size() - i) return false;
    for (std::uint64_t n = 0; n < length; ++n) qualities[i++] = quality;
  }
  return true;
}

// Ends early when the bytes run out, whatever the count claims: each element takes one byte at least.
template <class Put>
bool get_list(ByteReader& in, Put&& put_one) {
  for (auto left = in.varint(); left > 0 && !in.failed(); --left) put_one();
  return !in.failed();
}

struct Encoder {
  ByteWriter& writer;
  std::uint64_t layout_no;
  std::vector<std::uint8_t>& blob;

  void operator()(const meter::Sample& sample) {
    writer.varint(layout_no);
    writer.varint(sample.meter);
    writer.zigzag(count(sample.stamp));
    writer.zigzag((sample.stamp - sample.slot).count());
    writer.zigzag(sample.took.count());
    for (const auto quality : sample.quality) {
      if (quality == meter::Quality::good) continue;
      blob[0] = static_cast<std::uint8_t>(blob[0] | quality_flag);
      put_qualities(writer, sample.quality);
      break;
    }
    const auto packing = pack_words(sample.words, blob);
    blob[0] = static_cast<std::uint8_t>(blob[0] | static_cast<unsigned>(packing) << packing_shift);
  }
  void operator()(const meter::Start& start) {
    writer.byte(static_cast<std::uint8_t>((start.prev ? 1 : 0) | (start.since ? 2 : 0)));
    if (start.prev) {
      put(writer, start.prev->epoch);
      writer.varint(start.prev->last);
    }
    if (start.since) writer.zigzag(start.since->time_since_epoch().count());
    writer.text(start.why);
  }
  void operator()(const meter::Skipped& skipped) {
    writer.varint(layout_no);
    writer.varint(skipped.meter);
    writer.zigzag(count(skipped.from));
    writer.zigzag((skipped.to - skipped.from).count());
    writer.varint(skipped.count);
    writer.text(skipped.why);
  }
  void operator()(const meter::Void& gone) {
    put(writer, gone.epoch);
    writer.varint(gone.first);
    writer.byte(gone.last ? 1 : 0);
    if (gone.last) writer.varint(*gone.last);
    writer.text(gone.why);
  }
  void operator()(const meter::Meta& meta) {
    writer.varint(layout_no);
    writer.varint(meta.info.size());
    for (const auto& of_meter : meta.info) {
      writer.varint(of_meter.size());
      for (const auto& [name, value] : of_meter) {
        writer.text(name);
        writer.text(value);
      }
    }
    writer.varint(meta.unsupported.size());
    for (const auto& of_meter : meta.unsupported) {
      writer.varint(of_meter.size());
      for (const auto& name : of_meter) writer.text(name);
    }
  }
};

std::optional<meter::Record> get_sample(ByteReader& in, std::uint8_t head, const FindLayout& find) {
  meter::Sample sample;
  sample.layout = find(in.varint());
  const auto meter_index = in.varint();
  if (!sample.layout || meter_index >= sample.layout->meters().size()) return std::nullopt;
  sample.meter = static_cast<std::uint16_t>(meter_index);
  sample.stamp = boot_time(in.zigzag());
  sample.slot = sample.stamp - std::chrono::microseconds(in.zigzag());
  sample.took = std::chrono::milliseconds(in.zigzag());
  const auto& layout_meter = sample.layout_meter();
  sample.quality.assign(layout_meter.points.size(), meter::Quality::good);
  if ((head & quality_flag) != 0 && !get_qualities(in, sample.quality)) return std::nullopt;
  sample.words.resize(layout_meter.raw_words());
  const auto packing = static_cast<Packing>(head >> packing_shift & 3);
  if (!unpack_words(packing, in, sample.words)) return std::nullopt;
  return sample;
}

std::optional<meter::Record> get_start(ByteReader& in) {
  meter::Start start;
  const auto flags = in.byte();
  if ((flags & 1) != 0) {
    const auto epoch = get_epoch(in);
    start.prev = meter::Start::Previous{epoch, in.varint()};
  }
  if ((flags & 2) != 0) start.since = WallTime(std::chrono::microseconds(in.zigzag()));
  start.why = in.text();
  return start;
}

std::optional<meter::Record> get_skipped(ByteReader& in, const FindLayout& find) {
  meter::Skipped skipped;
  skipped.layout = find(in.varint());
  const auto meter_index = in.varint();
  if (!skipped.layout || meter_index >= skipped.layout->meters().size()) return std::nullopt;
  skipped.meter = static_cast<std::uint16_t>(meter_index);
  skipped.from = boot_time(in.zigzag());
  skipped.to = skipped.from + std::chrono::microseconds(in.zigzag());
  skipped.count = in.varint();
  skipped.why = in.text();
  return skipped;
}

std::optional<meter::Record> get_void(ByteReader& in) {
  meter::Void gone;
  gone.epoch = get_epoch(in);
  gone.first = in.varint();
  if (in.byte() != 0) gone.last = in.varint();
  gone.why = in.text();
  return gone;
}

std::optional<meter::Record> get_meta(ByteReader& in, const FindLayout& find) {
  meter::Meta meta;
  meta.layout = find(in.varint());
  if (!meta.layout) return std::nullopt;
  const bool whole = get_list(in,
                              [&] {
                                auto& of_meter = meta.info.emplace_back();
                                get_list(in, [&] {
                                  auto name = in.text();
                                  auto value = in.text();
                                  of_meter.emplace_back(std::move(name), std::move(value));
                                });
                              }) &&
                     get_list(in, [&] {
                       auto& of_meter = meta.unsupported.emplace_back();
                       get_list(in, [&] { of_meter.push_back(in.text()); });
                     });
  if (!whole) return std::nullopt;
  return meta;
}

std::optional<meter::Record> get_fields(Kind kind, ByteReader& in, std::uint8_t head,
                                        const FindLayout& find) {
  switch (kind) {
    case Kind::sample:
      return get_sample(in, head, find);
    case Kind::start:
      return get_start(in);
    case Kind::skipped:
      return get_skipped(in, find);
    case Kind::voided:
      return get_void(in);
    case Kind::meta:
      return get_meta(in, find);
  }
  return std::nullopt;
}

}  // namespace

Kind kind_of(const meter::Record& record) {
  static_assert(std::is_same_v<std::variant_alternative_t<0, meter::Record>, meter::Sample>);
  static_assert(std::is_same_v<std::variant_alternative_t<1, meter::Record>, meter::Start>);
  static_assert(std::is_same_v<std::variant_alternative_t<2, meter::Record>, meter::Skipped>);
  static_assert(std::is_same_v<std::variant_alternative_t<3, meter::Record>, meter::Void>);
  static_assert(std::is_same_v<std::variant_alternative_t<4, meter::Record>, meter::Meta>);
  return static_cast<Kind>(record.index());
}

std::optional<Kind> kind_of(std::span<const std::uint8_t> blob) {
  if (blob.empty() || (blob[0] & version_mask) != 0) return std::nullopt;
  const auto kind = static_cast<Kind>(blob[0] & kind_mask);
  if (kind > Kind::meta) return std::nullopt;
  return kind;
}

meter::LayoutPtr layout_of(const meter::Record& record) {
  if (const auto* sample = std::get_if<meter::Sample>(&record)) return sample->layout;
  if (const auto* skipped = std::get_if<meter::Skipped>(&record)) return skipped->layout;
  if (const auto* meta = std::get_if<meter::Meta>(&record)) return meta->layout;
  return nullptr;
}

std::optional<BootTime> stamp_of(const meter::Record& record) {
  if (const auto* sample = std::get_if<meter::Sample>(&record)) return sample->stamp;
  if (const auto* skipped = std::get_if<meter::Skipped>(&record)) return skipped->to;
  return std::nullopt;
}

void encode(const meter::Record& record, std::uint64_t layout_no, std::int64_t key,
            std::vector<std::uint8_t>& blob) {
  blob.clear();
  ByteWriter writer(blob);
  writer.byte(static_cast<std::uint8_t>(kind_of(record)));
  Encoder encoder{writer, layout_no, blob};
  std::visit(encoder, record);
  const auto crc = checksum(key, blob);
  for (unsigned i = 0; i < crc_size; ++i) writer.byte(static_cast<std::uint8_t>(crc >> (8 * i)));
}

std::optional<meter::Record> decode(std::span<const std::uint8_t> blob, std::int64_t key,
                                    const FindLayout& find) {
  if (blob.size() <= crc_size) return std::nullopt;
  const auto body = blob.first(blob.size() - crc_size);
  std::uint32_t crc = 0;
  for (unsigned i = 0; i < crc_size; ++i) crc |= static_cast<std::uint32_t>(blob[body.size() + i]) << (8 * i);
  if (crc != checksum(key, body)) return std::nullopt;
  const auto kind = kind_of(body);
  if (!kind) return std::nullopt;
  ByteReader in(body.subspan(1));
  auto record = get_fields(*kind, in, body[0], find);
  if (in.failed() || !in.at_end()) return std::nullopt;
  return record;
}

bool well_formed(const meter::Record& record) {
  if (const auto* sample = std::get_if<meter::Sample>(&record)) {
    if (!sample->layout || sample->meter >= sample->layout->meters().size()) return false;
    const auto& layout_meter = sample->layout_meter();
    return sample->words.size() == layout_meter.raw_words() &&
           sample->quality.size() == layout_meter.points.size();
  }
  if (const auto* skipped = std::get_if<meter::Skipped>(&record)) {
    return skipped->layout && skipped->meter < skipped->layout->meters().size();
  }
  if (const auto* meta = std::get_if<meter::Meta>(&record)) return meta->layout != nullptr;
  return true;
}

}  // namespace congto::journal
