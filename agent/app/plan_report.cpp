// Plans and loads as text and JSON.
#include "agent/app/plan_report.hpp"

#include <algorithm>
#include <cstdio>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "drivers/modbus/line.hpp"

namespace congto::app {

namespace {

std::string fixed(double value, int decimals) {
  char buffer[64];
  const int length = std::snprintf(buffer, sizeof buffer, "%.*f", decimals, value);
  return std::string(buffer, static_cast<std::size_t>(length));
}

double milliseconds(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e6; }

std::string address(const meter::Bus& bus) {
  if (bus.transport == meter::Transport::serial) return bus.device + ", " + modbus::text(bus.line);
  const std::string kind = bus.transport == meter::Transport::tcp ? "tcp " : "rtu-over-tcp ";
  return kind + bus.host + ":" + std::to_string(bus.port);
}

MeterPlan plan_meter(const meter::Bus& bus, const meter::Meter& meter) {
  MeterPlan planned;
  planned.meter = &meter;
  const auto cost = meter::wire_cost(bus, meter.limits);
  planned.plan = meter::plan_reads(meter.points, {}, meter.limits.read, cost);
  planned.info = meter::plan_reads(meter.info, {}, meter.limits.read, cost);
  planned.load = milliseconds(planned.plan.wire_time) / static_cast<double>(meter.every.count());
  planned.unverified = static_cast<std::size_t>(std::count_if(
      meter.points.begin(), meter.points.end(), [](const auto& point) { return point.verify; }));
  return planned;
}

std::string line(const meter::PlannedRead& read) {
  return "    function " + std::to_string(static_cast<int>(read.function)) + ", " + std::to_string(read.at) +
         "-" + std::to_string(read.at + read.count - 1) + " (" + std::to_string(read.count) + "), " +
         std::to_string(read.points.size()) + " points";
}

boost::json::array json_reads(const meter::ReadPlan& plan) {
  boost::json::array reads;
  for (const auto& read : plan.reads) {
    reads.push_back({{"function", static_cast<int>(read.function)}, {"at", read.at}, {"count", read.count}});
  }
  return reads;
}

void append(std::string& out, const MeterPlan& planned) {
  const auto& meter = *planned.meter;
  out += "  " + meter.name + ": unit " + std::to_string(meter.unit_id) + ", " + meter.profile + ", " +
         std::to_string(meter.points.size()) + " points every " +
         fixed(static_cast<double>(meter.every.count()) / 1000, 3) + " s, " +
         fixed(milliseconds(planned.plan.wire_time), 1) + " ms\n";
  for (const auto& read : planned.plan.reads) out += line(read) + "\n";
  for (const auto& read : planned.info.reads) out += line(read) + ", at start and daily\n";
  if (planned.unverified > 0) {
    out += "    " + std::to_string(planned.unverified) +
           " points rest on one source (verify = true): compare them with the display once:";
    for (const auto& point : meter.points) {
      if (point.verify) out += " " + point.name;
    }
    out += "\n";
  }
}

}  // namespace

std::vector<BusPlan> plan_site(const meter::Site& site) {
  std::vector<BusPlan> plans;
  for (const auto& bus : site.buses) {
    BusPlan plan;
    plan.bus = &bus;
    for (const auto& meter : site.meters) {
      if (meter.bus != bus.name) continue;
      plan.meters.push_back(plan_meter(bus, meter));
      plan.load += plan.meters.back().load;
    }
    plans.push_back(std::move(plan));
  }
  return plans;
}

std::string text(const std::vector<BusPlan>& plans) {
  std::string out;
  for (const auto& plan : plans) {
    out += plan.bus->name + " (" + address(*plan.bus) + "): ";
    if (plan.meters.empty()) {
      out += "no meters\n";
      continue;
    }
    if (plan.serial()) {
      out += fixed(plan.load * 100, 1) + " % of the line's time";
      if (plan.overloaded()) {
        out +=
            "  ERROR: more than the line can carry; read fewer points (only = […]), less often, or raise the "
            "baud";
      } else if (plan.crowded()) {
        out += "  WARNING: above 80 % there is no room for repeats";
      }
      out += "\n";
    } else {
      out += std::to_string(plan.meters.size()) + " meters\n";
    }
    for (const auto& meter : plan.meters) append(out, meter);
  }
  return out;
}

std::string json(const std::vector<BusPlan>& plans) {
  boost::json::array buses;
  for (const auto& plan : plans) {
    boost::json::array meters;
    for (const auto& planned : plan.meters) {
      meters.push_back({{"name", planned.meter->name},
                        {"unit_id", planned.meter->unit_id},
                        {"wire_ms", milliseconds(planned.plan.wire_time)},
                        {"reads", json_reads(planned.plan)},
                        {"info_reads", json_reads(planned.info)}});
    }
    boost::json::object bus{{"name", plan.bus->name}, {"meters", meters}};
    if (plan.serial()) bus["load"] = plan.load;
    buses.push_back(bus);
  }
  return boost::json::serialize(boost::json::object{{"buses", buses}});
}

}  // namespace congto::app
