// See register_image.hpp.
#include "agent/simulate/register_image.hpp"

#include <algorithm>
#include <utility>

namespace congto::simulate {

namespace {

// The longest run of numbers without a parameter inside the blocks that are known to be read whole
// (SDM630: 6; TUF-2000M: 16), so a longer one is no gap but the end of a block.
constexpr std::size_t longest_gap = 16;

bool reads_bits(modbus::Function function) {
  return function == modbus::Function::read_coils || function == modbus::Function::read_discrete_inputs;
}

}  // namespace

void RegisterImage::add(const meter::Point& point, Source source) {
  const std::size_t index = sources_.size();
  sources_.push_back(std::move(source));
  std::size_t offset = 0;
  const auto add_run = [&](std::uint16_t at, std::size_t count) {
    runs_.push_back({point.function, at, count, index, offset});
    offset += count;
  };
  add_run(point.at, point.registers);
  if (point.scale_at) add_run(*point.scale_at, 1);
  if (point.plus) add_run(point.plus->at, meter::registers_of(point.plus->type));
  std::ranges::stable_sort(runs_, {}, [](const Run& run) { return std::pair(run.function, run.at); });
}

// True where a run of more than `gap` registers belongs to no point.
bool RegisterImage::lacks(std::uint16_t at, std::uint16_t count, const std::vector<const Run*>& runs,
                          std::size_t gap) {
  if (runs.empty()) return true;
  std::size_t covered_to = at;
  for (const Run* run : runs) {
    if (run->at > covered_to && run->at - covered_to > gap) return true;
    covered_to = std::max(covered_to, run->at + run->count);
  }
  const std::size_t end = std::size_t{at} + count;
  return end > covered_to && end - covered_to > gap;
}

bool RegisterImage::splits(std::uint16_t at, std::uint16_t count, const std::vector<const Run*>& runs) {
  return std::ranges::any_of(runs, [at, count](const Run* run) {
    return run->at < at || run->at + run->count > std::size_t{at} + count;
  });
}

RegisterImage::Read RegisterImage::read(modbus::Function function, std::uint16_t at, std::uint16_t count,
                                        const meter::ReadLimits& limits, bool strict) const {
  const bool bits = reads_bits(function);
  std::uint16_t most = bits ? modbus::max_bits_per_request : modbus::max_registers_per_request;
  if (strict && !bits) most = std::min(most, limits.max_registers);
  if (count < 1 || count > most) return {3, {}};
  const std::size_t end = std::size_t{at} + count;
  if (end > 0x10000) return {2, {}};

  std::vector<const Run*> touched;
  for (const Run& run : runs_) {
    if (run.function == function && run.at < end && run.at + run.count > at) touched.push_back(&run);
  }
  const std::size_t borne = limits.max_gap;
  if (lacks(at, count, touched, strict ? borne : std::max(borne, longest_gap))) return {2, {}};
  if (strict) {
    if (limits.align > 1 && (at % limits.align != 0 || count % limits.align != 0)) return {2, {}};
    if (limits.single && touched.size() > 1) return {2, {}};
    if (splits(at, count, touched)) return {2, {}};
  }

  Read read{0, std::vector<std::uint16_t>(count, 0)};
  std::vector<std::vector<std::uint16_t>> made(sources_.size());
  for (const Run* run : touched) {
    std::vector<std::uint16_t>& words = made[run->source];
    if (words.empty()) words = sources_[run->source]();
    for (std::size_t i = 0; i < run->count; ++i) {
      const std::size_t address = run->at + i;
      if (address >= at && address < end) read.words[address - at] = words.at(run->offset + i);
    }
  }
  return read;
}

}  // namespace congto::simulate
