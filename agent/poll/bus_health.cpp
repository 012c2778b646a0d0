// See bus_health.hpp.
#include "agent/poll/bus_health.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace congto::poll {

namespace {

using namespace std::chrono_literals;

constexpr auto first_health_pause = 1s;
constexpr auto longest_unit_pause = 60s;  // design.md, Schedule: capped at 60 s
constexpr auto longest_port_pause = 30s;

}  // namespace

BusHealth::Meter::Meter(const Place& where)
    : place(where), refusals(first_health_pause, longest_unit_pause) {}

BusHealth::BusHealth(std::string link, const std::vector<Place>& meters,
                     std::function<void(const std::string&)> note)
    : link_(std::move(link)), note_(std::move(note)), port_(first_health_pause, longest_port_pause) {
  for (const auto& place : meters) {
    units_.try_emplace(place.unit, first_health_pause, longest_unit_pause);
    meters_.emplace_back(place);
  }
}

std::optional<BootTime::duration> BusHealth::judge(std::size_t meter,
                                                   const std::optional<modbus::Failure>& failure,
                                                   BootTime now) {
  if (failure && failure->severity() == modbus::Severity::bus) {
    const bool begins = port_.healthy();
    port_failed(*failure, now);
    // A unit that its gateway cannot reach must not stop its neighbours again and again.
    if (begins && failure->kind == modbus::FailureKind::exception) unit_failed(meter, *failure, now);
    return std::nullopt;
  }
  if (!port_.healthy()) port_returned();
  const bool refuses = failure && failure->severity() == modbus::Severity::point;
  if (failure && !refuses) {
    if (unit(meter).healthy()) note_(text(meter) + ": " + failure->word() + " " + failure->detail);
    unit_failed(meter, *failure, now);
    return std::nullopt;
  }
  std::optional<BootTime::duration> was_gone;
  if (!unit(meter).healthy()) {
    was_gone = now - unit(meter).failing_since();
    note_(text(meter) + " answers again");
  }
  unit(meter).answered();
  auto& refusals = meters_[meter].refusals;
  if (refuses) {
    if (refusals.healthy()) {
      note_(text(meter) + ": " + failure->word() + " to all that it was asked for; is it the right profile?");
    }
    refusals.failed(*failure, now);
    meters_[meter].why_missed = "back-off";
  } else {
    if (!refusals.healthy()) note_(text(meter) + " gives readings again");
    refusals.answered();
  }
  return was_gone;
}

void BusHealth::port_failed(const modbus::Failure& failure, BootTime now) {
  if (port_.healthy()) note_(link_ + ": " + failure.word() + ": " + failure.detail);
  port_.failed(failure, now);
  for (auto& meter : meters_) meter.why_missed = "no-link";
}

void BusHealth::port_returned() {
  port_.answered();
  note_(link_ + ": is back");
}

void BusHealth::unit_failed(std::size_t meter, const modbus::Failure& failure, BootTime now) {
  unit(meter).failed(failure, now);
  if (unit(meter).ready(now)) return;
  for (auto& other : meters_) {
    if (other.place.unit == meters_[meter].place.unit) other.why_missed = "back-off";
  }
}

BootTime BusHealth::retry_at(std::size_t meter) const {
  return std::max({port_.retry_at(), unit(meter).retry_at(), meters_[meter].refusals.retry_at()});
}

std::vector<bool> BusHealth::ready(BootTime now) const {
  std::vector<bool> all(meters_.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = now >= retry_at(i);
  return all;
}

std::uint64_t BusHealth::failures(std::size_t meter) const {
  return unit(meter).failures() + meters_[meter].refusals.failures();
}

std::string BusHealth::trouble(std::size_t meter) const {
  if (!port_.healthy()) return port_.last_failure();
  if (!unit(meter).healthy()) return unit(meter).last_failure();
  const auto& refusals = meters_[meter].refusals;
  return refusals.healthy() ? "" : "refuses all: " + refusals.last_failure();
}

void BusHealth::other_master() {
  for (auto& meter : meters_) meter.why_missed = "other-master";
}

std::string BusHealth::text(std::size_t meter) const {
  const auto& place = meters_[meter].place;
  return link_ + ": unit " + std::to_string(place.unit) + " (" + place.name + ")";
}

}  // namespace congto::poll
