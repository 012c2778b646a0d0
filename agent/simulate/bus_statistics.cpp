// See bus_statistics.hpp.
#include "agent/simulate/bus_statistics.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace congto::simulate {

namespace {

std::int64_t microseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

boost::json::object json_of(const BusStatistics& bus) {
  boost::json::object object;
  object["name"] = bus.name;
  object["requests"] = bus.requests;
  object["replies"] = bus.replies;
  object["too_early"] = bus.too_early;
  object["garbage_bytes"] = bus.garbage_bytes;
  object["lost_bytes"] = bus.lost_bytes;
  object["bytes_received"] = bus.bytes_received;
  object["bytes_sent"] = bus.bytes_sent;
  if (bus.shortest_silence) object["shortest_silence_us"] = microseconds(*bus.shortest_silence);
  object["wire_time_us"] = microseconds(bus.wire_time);
  object["adapter_time_us"] = microseconds(bus.adapter_time);
  return object;
}

}  // namespace

std::string to_json(const std::vector<BusStatistics>& buses) {
  boost::json::array all;
  for (const BusStatistics& bus : buses) all.emplace_back(json_of(bus));
  boost::json::object object;
  object["buses"] = std::move(all);
  return boost::json::serialize(object);
}

}  // namespace congto::simulate
