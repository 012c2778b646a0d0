// The plan is a shortest path over the wanted parts in address order. Grouping only neighbours is enough: of
// two requests neither of which holds the other, the one that begins first also ends first, and a part inside
// another part comes with it for nothing.
#include "drivers/meter/read_plan.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace congto::meter {

namespace {

using modbus::Function;
using std::chrono::nanoseconds;

constexpr std::uint32_t address_end = 65'536;

// Registers that must come in one request, and the points that want them.
struct Part {
  Span span;
  std::vector<std::uint16_t> points;
};

std::uint32_t standard_limit(Function function) {
  return reads_bits(function) ? modbus::max_bits_per_request : modbus::max_registers_per_request;
}

std::uint32_t request_limit(Function function, const ReadLimits& limits) {
  if (reads_bits(function)) return modbus::max_bits_per_request;
  return std::min<std::uint32_t>(limits.max_registers, modbus::max_registers_per_request);
}

// The registers that must be asked for to get these ones.
Span aligned(Function function, Span span, const ReadLimits& limits) {
  if (reads_bits(function) || limits.align <= 1) return span;
  const std::uint32_t align = limits.align;
  Span wide{span.begin / align * align, (span.end + align - 1) / align * align};
  wide.end = std::min(wide.end, address_end);
  // Alignment that makes a point unreadable is no help: then it is asked for as it is.
  return wide.end - wide.begin <= standard_limit(function) ? wide : span;
}

nanoseconds wire_time(Function function, std::uint32_t count, const WireCost& cost) {
  const std::uint32_t data = reads_bits(function) ? (count + 7) / 8 : 2 * count;
  return cost.per_request +
         cost.per_byte * static_cast<std::int64_t>(cost.request_bytes + cost.reply_overhead + data);
}

void add_part(std::vector<Part>& parts, Span span, std::size_t point) {
  parts.push_back({span, {static_cast<std::uint16_t>(point)}});
}

// Equal spans become one part; sorted by begin, then end.
std::vector<Part> merged(std::vector<Part> parts) {
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.span < b.span; });
  std::vector<Part> unique;
  for (auto& part : parts) {
    if (unique.empty() || unique.back().span != part.span) {
      unique.push_back(std::move(part));
    } else {
      unique.back().points.insert(unique.back().points.end(), part.points.begin(), part.points.end());
    }
  }
  return unique;
}

// Parts that lie in no other part, in order: both their begins and their ends grow.
std::vector<Span> outermost(const std::vector<Part>& parts) {
  std::vector<Span> outer;
  for (const auto& part : parts) {
    while (!outer.empty() && part.span.holds(outer.back())) outer.pop_back();
    if (outer.empty() || !outer.back().holds(part.span)) outer.push_back(part.span);
  }
  return outer;
}

bool runs_over_cut(Function function, Span span, const ReadLimits& limits) {
  return std::any_of(limits.cuts.begin(), limits.cuts.end(), [&](const ReadLimits::Cut& cut) {
    return cut.function == function && span.begin < cut.at && cut.at < span.end;
  });
}

// best[i]: the first i spans in least wire time, then in fewest requests; the last request begins at first.
struct Best {
  nanoseconds time{0};
  std::size_t requests = 0;
  std::size_t first = 0;
};

std::vector<Best> shortest_path(Function function, const std::vector<Span>& spans, const ReadLimits& limits,
                                const WireCost& cost) {
  const std::uint32_t most = request_limit(function, limits);
  std::vector<Best> best(spans.size() + 1);
  for (std::size_t last = 0; last < spans.size(); ++last) {
    auto& end = best[last + 1];
    for (std::size_t first = last + 1; first-- > 0;) {
      const Span whole{spans[first].begin, spans[last].end};
      const std::uint32_t count = whole.end - whole.begin;
      if (first < last) {
        const bool gap = spans[first + 1].begin > spans[first].end + limits.max_gap;
        if (count > most || gap || limits.single || runs_over_cut(function, whole, limits)) break;
      }
      const nanoseconds time = best[first].time + wire_time(function, count, cost);
      const std::size_t requests = best[first].requests + 1;
      if (first == last || time < end.time || (time == end.time && requests < end.requests)) {
        end = {time, requests, first};
      }
    }
  }
  return best;
}

std::vector<PlannedRead> plan_parts(Function function, const std::vector<Part>& parts,
                                    const ReadLimits& limits, const WireCost& cost) {
  const auto spans = outermost(parts);
  const auto best = shortest_path(function, spans, limits, cost);
  std::vector<PlannedRead> reads;
  for (std::size_t end = spans.size(); end > 0; end = best[end].first) {
    const Span whole{spans[best[end].first].begin, spans[end - 1].end};
    reads.push_back({function,
                     static_cast<std::uint16_t>(whole.begin),
                     static_cast<std::uint16_t>(whole.end - whole.begin),
                     {}});
  }
  std::reverse(reads.begin(), reads.end());
  for (const auto& part : parts) {
    const auto read = std::find_if(reads.begin(), reads.end(),
                                   [&](const PlannedRead& one) { return span_of(one).holds(part.span); });
    read->points.insert(read->points.end(), part.points.begin(), part.points.end());
  }
  for (auto& read : reads) {
    std::sort(read.points.begin(), read.points.end());
    read.points.erase(std::unique(read.points.begin(), read.points.end()), read.points.end());
  }
  return reads;
}

// The parts of its points that lie within a read.
std::vector<Part> parts_of(const PlannedRead& read, std::span<const Point> points, const ReadLimits& limits) {
  std::vector<Part> parts;
  const Span whole = span_of(read);
  for (const auto index : read.points) {
    const Point& point = points[index];
    if (whole.holds(value_span(point)))
      add_part(parts, aligned(read.function, value_span(point), limits), index);
    const auto scale = scale_span(point);
    if (scale && whole.holds(*scale)) add_part(parts, aligned(read.function, *scale, limits), index);
  }
  return merged(std::move(parts));
}

}  // namespace

bool reads_bits(Function function) {
  return function == Function::read_coils || function == Function::read_discrete_inputs;
}

Span value_span(const Point& point) {
  Span span{point.at, std::uint32_t{point.at} + point.registers};
  if (point.plus) {
    span.begin = std::min<std::uint32_t>(span.begin, point.plus->at);
    span.end =
        std::max<std::uint32_t>(span.end, std::uint32_t{point.plus->at} + registers_of(point.plus->type));
  }
  return span;
}

std::optional<Span> scale_span(const Point& point) {
  if (!point.scale_at) return std::nullopt;
  return Span{*point.scale_at, std::uint32_t{*point.scale_at} + 1};
}

Span span_of(const PlannedRead& read) { return {read.at, std::uint32_t{read.at} + read.count}; }

bool readable(const Point& point) {
  const Span span = value_span(point);
  return span.begin < span.end && span.end <= address_end &&
         span.end - span.begin <= standard_limit(point.function);
}

nanoseconds wire_time(const PlannedRead& read, const WireCost& cost) {
  return wire_time(read.function, read.count, cost);
}

ReadPlan plan_reads(std::span<const Point> points, const std::vector<bool>& wanted, const ReadLimits& limits,
                    const WireCost& cost) {
  std::map<Function, std::vector<Part>> parts;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!wanted.empty() && !wanted[i]) continue;
    const Point& point = points[i];
    if (!readable(point)) {
      throw std::invalid_argument("point " + point.name + " does not fit into one request");
    }
    auto& same_function = parts[point.function];
    add_part(same_function, aligned(point.function, value_span(point), limits), i);
    if (const auto scale = scale_span(point))
      add_part(same_function, aligned(point.function, *scale, limits), i);
  }
  ReadPlan plan;
  for (auto& [function, same_function] : parts) {
    const auto reads = plan_parts(function, merged(std::move(same_function)), limits, cost);
    plan.reads.insert(plan.reads.end(), reads.begin(), reads.end());
  }
  for (const auto& read : plan.reads) plan.wire_time += wire_time(read, cost);
  return plan;
}

std::vector<PlannedRead> split_read(const PlannedRead& read, std::span<const Point> points,
                                    const ReadLimits& limits, const WireCost& cost) {
  const auto parts = parts_of(read, points, limits);
  if (parts.size() < 2) return {};
  const auto middle = parts.begin() + static_cast<std::ptrdiff_t>(parts.size() / 2);
  auto reads = plan_parts(read.function, {parts.begin(), middle}, limits, cost);
  const auto second = plan_parts(read.function, {middle, parts.end()}, limits, cost);
  reads.insert(reads.end(), second.begin(), second.end());
  // A part that holds all the others of its points comes out unchanged: then it can't be told from them.
  if (std::find(reads.begin(), reads.end(), read) != reads.end()) return {};
  return reads;
}

bool has_gap(const PlannedRead& read, std::span<const Point> points, const ReadLimits& limits) {
  std::uint32_t covered = read.at;
  for (const auto& part : parts_of(read, points, limits)) {
    if (part.span.begin > covered) return true;
    covered = std::max(covered, part.span.end);
  }
  return covered < span_of(read).end;
}

}  // namespace congto::meter
