// Writing is by hand, because the text must be the same for ever and decimals must stay decimals; reading
// leaves JSON to Boost.JSON. Decimals and marks are strings, so that no reader makes doubles of them.
#include "drivers/meter/layout_json.hpp"

#include <boost/json.hpp>
#include <charconv>
#include <limits>
#include <stdexcept>

namespace congto::meter {

namespace {

namespace json = boost::json;

constexpr int format_version = 1;

const Point& defaults() {
  static const Point point;
  return point;
}

// ---- writing

// Members of one object, in the order in which they are added.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }
  void close() { out_ += '}'; }

  void add(std::string_view key, std::string_view text) {
    begin(key);
    out_ += json::serialize(json::string_view(text.data(), text.size()));
  }
  void add(std::string_view key, std::int64_t number) {
    begin(key);
    out_ += std::to_string(number);
  }
  void add_true(std::string_view key) { begin(key) += "true"; }
  // For values that the caller writes.
  std::string& begin(std::string_view key) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += key;
    out_ += "\":";
    return out_;
  }

 private:
  std::string& out_;
  bool first_ = true;
};

std::string hex(const std::vector<std::uint16_t>& mark) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const auto word : mark) {
    for (int shift = 12; shift >= 0; shift -= 4) text += digits[word >> shift & 0xFU];
  }
  return text;
}

template <class Items, class Write>
void write_array(std::string& out, const Items& items, Write write) {
  out += '[';
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    write(item);
  }
  out += ']';
}

void write_point(const Point& point, std::string& out) {
  ObjectWriter object(out);
  object.add("name", point.name);
  object.add("function", static_cast<int>(point.function));
  object.add("at", point.at);
  object.add("registers", point.registers);
  object.add("type", text(point.type));
  if (point.word_order != defaults().word_order) object.add("word_order", text(point.word_order));
  object.add("unit", text(point.unit));
  if (!(point.scale == defaults().scale)) object.add("scale", point.scale.text());
  if (point.scale_at) object.add("scale_at", *point.scale_at);
  if (point.plus) {
    ObjectWriter plus(object.begin("plus"));
    plus.add("at", point.plus->at);
    plus.add("type", text(point.plus->type));
    if (!(point.plus->scale == Plus{}.scale)) plus.add("scale", point.plus->scale.text());
    plus.close();
  }
  object.add("kind", text(point.kind));
  if (point.rollover) object.add("rollover", point.rollover->text());
  if (!point.not_available.empty()) {
    object.begin("not_available");
    write_array(out, point.not_available, [&](const auto& mark) { out += '"' + hex(mark) + '"'; });
  }
  if (!(point.ratio == defaults().ratio)) {
    ObjectWriter ratio(object.begin("ratio"));
    ratio.add("primary", point.ratio.primary);
    ratio.add("secondary", point.ratio.secondary);
    ratio.close();
  }
  if (point.secondary) object.add_true("secondary");
  if (point.verify) object.add_true("verify");
  object.close();
}

void write_meter(const LayoutMeter& meter, std::string& out) {
  ObjectWriter object(out);
  object.add("name", meter.name);
  object.add("bus", meter.bus);
  object.add("unit_id", meter.unit_id);
  object.add("profile", meter.profile);
  object.add("medium", meter.medium);
  object.add("every", meter.every.count());
  object.begin("points");
  write_array(out, meter.points, [&](const Point& point) { write_point(point, out); });
  object.close();
}

// ---- reading; every helper throws std::exception with what is wrong, parse_layout_json catches

std::string_view as_text(const json::value& value) {
  const auto& text = value.as_string();
  return {text.data(), text.size()};
}

template <class Value>
Value known(const std::optional<Value>& value, std::string_view word) {
  if (!value) throw std::invalid_argument("unknown word \"" + std::string(word) + "\"");
  return *value;
}

Decimal read_decimal(const json::value& value) {
  return known(Decimal::parse(as_text(value)), as_text(value));
}

Type read_type(const json::value& value) { return known(parse_type(as_text(value)), as_text(value)); }

modbus::Function read_function(const json::value& value) {
  const auto number = value.to_number<std::uint8_t>();
  if (number < 1 || number > 4) throw std::invalid_argument("function " + std::to_string(number));
  return static_cast<modbus::Function>(number);
}

std::vector<std::uint16_t> read_mark(const json::value& value) {
  const std::string_view text = as_text(value);
  std::vector<std::uint16_t> mark;
  for (std::size_t at = 0; at < text.size(); at += 4) {
    const std::string_view digits = text.substr(at, 4);
    std::uint16_t word = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), word, 16);
    if (digits.size() != 4 || parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size()) {
      throw std::invalid_argument("not-available mark \"" + std::string(text) + "\"");
    }
    mark.push_back(word);
  }
  return mark;
}

Point read_point(const json::object& object) {
  Point point;
  const auto optional = [&](const char* key, auto read) {
    if (const auto* value = object.if_contains(key)) read(*value);
  };
  point.name = as_text(object.at("name"));
  point.function = read_function(object.at("function"));
  point.at = object.at("at").to_number<std::uint16_t>();
  point.registers = object.at("registers").to_number<std::uint16_t>();
  point.type = read_type(object.at("type"));
  point.unit = known(parse_unit(as_text(object.at("unit"))), as_text(object.at("unit")));
  point.kind = known(parse_kind(as_text(object.at("kind"))), as_text(object.at("kind")));
  optional("word_order", [&](const json::value& value) {
    point.word_order = known(parse_word_order(as_text(value)), as_text(value));
  });
  optional("scale", [&](const json::value& value) { point.scale = read_decimal(value); });
  optional("scale_at", [&](const json::value& value) { point.scale_at = value.to_number<std::uint16_t>(); });
  optional("plus", [&](const json::value& value) {
    const auto& plus = value.as_object();
    point.plus = Plus{plus.at("at").to_number<std::uint16_t>(), read_type(plus.at("type"))};
    if (const auto* scale = plus.if_contains("scale")) point.plus->scale = read_decimal(*scale);
  });
  optional("rollover", [&](const json::value& value) { point.rollover = read_decimal(value); });
  optional("not_available", [&](const json::value& value) {
    for (const auto& mark : value.as_array()) point.not_available.push_back(read_mark(mark));
  });
  optional("ratio", [&](const json::value& value) {
    const auto& ratio = value.as_object();
    point.ratio.primary = ratio.at("primary").to_number<std::int64_t>();
    point.ratio.secondary = ratio.at("secondary").to_number<std::int64_t>();
    if (point.ratio.primary < 1 || point.ratio.secondary < 1) throw std::invalid_argument("ratio below 1");
  });
  optional("secondary", [&](const json::value& value) { point.secondary = value.as_bool(); });
  optional("verify", [&](const json::value& value) { point.verify = value.as_bool(); });
  return point;
}

LayoutMeter read_meter(const json::object& object) {
  LayoutMeter meter;
  meter.name = as_text(object.at("name"));
  meter.bus = as_text(object.at("bus"));
  meter.unit_id = object.at("unit_id").to_number<modbus::UnitId>();
  meter.profile = as_text(object.at("profile"));
  meter.medium = as_text(object.at("medium"));
  meter.every = std::chrono::milliseconds(object.at("every").to_number<std::int64_t>());
  for (const auto& point : object.at("points").as_array())
    meter.points.push_back(read_point(point.as_object()));
  return meter;
}

}  // namespace

std::string layout_json(const std::vector<LayoutMeter>& meters) {
  std::string out;
  ObjectWriter object(out);
  object.add("v", format_version);
  object.begin("meters");
  write_array(out, meters, [&](const LayoutMeter& meter) { write_meter(meter, out); });
  object.close();
  return out;
}

Result<std::vector<LayoutMeter>> parse_layout_json(std::string_view text) {
  try {
    const json::value document = json::parse(json::string_view(text.data(), text.size()));
    const auto& object = document.as_object();
    if (object.at("v").to_number<int>() != format_version) return Error{"layout: written by another version"};
    std::vector<LayoutMeter> meters;
    for (const auto& meter : object.at("meters").as_array()) meters.push_back(read_meter(meter.as_object()));
    return meters;
  } catch (const std::exception& damage) {
    return Error{std::string("layout: the text is damaged: ") + damage.what()};
  }
}

}  // namespace congto::meter
