// A record in one canonical form, hashed with SHA-256 and cut to 64 bits: of 10^9 records no two with the
// same key meet.
#include "agent/central/content_hash.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

#include "agent/contract/json_view.hpp"

namespace congto::central {

namespace {

// Lengths stand before texts, so that no two different records have one canonical form.
void append_text(std::string& out, std::string_view text) {
  out.append(std::to_string(text.size())).append(1, ':').append(text);
}

void append_number(std::string& out, const std::optional<std::int64_t>& number) {
  out.append(number ? std::to_string(*number) : "-").append(1, ';');
}

void append_canonical(std::string& out, const contract::JsonView& value) {
  if (value.is_object()) {
    auto members = value.members();
    std::stable_sort(members.begin(), members.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    out += '{';
    for (const auto& [name, member] : members) {
      append_text(out, name);
      append_canonical(out, member);
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    for (const auto& element : value.elements()) append_canonical(out, element);
    out += ']';
  } else if (const auto text = value.string()) {
    append_text(out, *text);
  } else if (const auto number = value.number()) {
    out.append(number->normalized().text()).append(1, ';');
  } else {
    out.append(value.raw()).append(1, ';');
  }
}

void append_sample(std::string& out, const contract::ParsedSample& sample, std::string_view layout) {
  append_text(out, layout);
  append_text(out, sample.meter);
  append_number(out, sample.ts);
  append_number(out, sample.slot);
  append_number(out, sample.took);
  append_number(out, sample.estimated ? sample.clock_error : std::nullopt);
  std::vector<const std::pair<std::string, Decimal>*> values;
  for (const auto& value : sample.values) values.push_back(&value);
  std::sort(values.begin(), values.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  for (const auto* value : values) {
    append_text(out, value->first);
    value->second.normalized().append_to(out);
    out += ';';
  }
  auto qualities = sample.q;
  std::sort(qualities.begin(), qualities.end());
  for (const auto& [point, word] : qualities) {
    append_text(out, point);
    append_text(out, word);
  }
}

}  // namespace

std::string sha256(std::string_view text) {
  std::string digest(32, '\0');
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), &length,
                 EVP_sha256(), nullptr) != 1) {
    throw std::bad_alloc();  // the only way in which it fails
  }
  return digest;
}

std::int64_t content_hash(const contract::ParsedRecord& record, std::string_view layout) {
  std::string canonical;
  if (const auto* const sample = std::get_if<contract::ParsedSample>(&record.content)) {
    append_sample(canonical, *sample, layout);
  } else if (const auto json = contract::JsonView::check(record.json)) {
    append_canonical(canonical, *json);
  }
  const auto digest = sha256(canonical);
  std::uint64_t hash = 0;  // the same on every machine
  for (std::size_t i = 0; i < sizeof hash; ++i) hash = hash << 8U | static_cast<std::uint8_t>(digest[i]);
  return static_cast<std::int64_t>(hash);
}

}  // namespace congto::central
