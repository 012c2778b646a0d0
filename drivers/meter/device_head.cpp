// The head keys and their ranges.
#include "drivers/meter/device_head.hpp"

#include <algorithm>
#include <boost/algorithm/string/case_conv.hpp>
#include <chrono>

namespace congto::meter {

namespace {

using namespace std::chrono_literals;

constexpr std::pair<std::string_view, Numbering> numberings[] = {
    {"wire", Numbering::wire}, {"one", Numbering::one}, {"modicon", Numbering::modicon}};
constexpr std::pair<std::string_view, WordOrder> word_orders[] = {{"big", WordOrder::big},
                                                                  {"little", WordOrder::little}};

// What manuals and other programs call them; A is the byte that is sent first of a big-endian value.
constexpr std::pair<std::string_view, std::string_view> foreign_orders[] = {
    {"abcd", "big"},   {"high", "big"},   {"msw", "big"},     {"cdab", "little"},
    {"low", "little"}, {"lsw", "little"}, {"swap", "little"}, {"swapped", "little"}};

void read_limits(toml::Table& table, DeviceLimits& limits) {
  if (const auto given = table.integer("max-registers", 1, modbus::max_registers_per_request)) {
    limits.read.max_registers = static_cast<std::uint16_t>(*given);
  }
  if (const auto given = table.integer("max-gap", 0, modbus::max_registers_per_request - 1)) {
    limits.read.max_gap = static_cast<std::uint16_t>(*given);
  }
  if (const auto given = table.integer("align", 1, 4)) limits.read.align = static_cast<std::uint16_t>(*given);
  if (const auto given = table.boolean("single")) limits.read.single = *given;
  if (const auto given = table.duration("pause", 0ms, 10s)) limits.pause = *given;
  if (const auto given = table.duration("timeout", 50ms, 30s)) limits.timeout = *given;
  if (const auto given = table.duration("wake", 1s, 24h)) limits.wake = *given;
  if (const auto given = table.duration("min-interval", 100ms, 24h)) limits.min_interval = *given;
}

bool is_medium(std::string_view text) {
  return text.size() <= 32 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string_view::npos;
}

}  // namespace

std::optional<modbus::Function> read_function(toml::Table& table) {
  const auto number = table.integer("function", 1, 4);
  if (!number) return std::nullopt;
  return static_cast<modbus::Function>(*number);
}

std::optional<WordOrder> read_word_order(toml::Table& table) {
  constexpr std::string_view key = "word-order";
  const auto text = table.string(key);
  if (!text) return std::nullopt;
  const std::string lower = boost::algorithm::to_lower_copy(*text);
  const auto known = [&](const auto& pair) { return pair.first == lower; };
  const std::string found = "expected \"big\" or \"little\", found \"" + *text + "\"; ";
  if (lower == "badc" || lower == "dcba") {
    table.error(key,
                found + "the two bytes within a register always come high byte first and can't be swapped");
    return std::nullopt;
  }
  const auto* foreign = std::ranges::find_if(foreign_orders, known);
  if (foreign == std::end(foreign_orders)) return table.word(key, word_orders);
  table.error(key, found + "here it is called \"" + std::string(foreign->second) + "\"");
  return std::nullopt;
}

void read_head(toml::Table& table, DeviceHead& head) {
  if (const auto given = read_function(table)) head.function = given;
  if (const auto given = table.word("numbering", numberings)) {
    head.numbering = *given;
    head.numbering_given = true;
  }
  if (const auto given = read_word_order(table)) head.word_order = *given;
  if (const auto given = table.string("medium")) {
    head.medium = *given;
    if (!is_medium(*given)) {
      table.error("medium",
                  "expected a word of at most 32 small letters, such as electricity or water, found \"" +
                      *given + "\"");
    }
  }
  read_limits(table, head.limits);
}

}  // namespace congto::meter
