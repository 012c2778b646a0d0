// A small plant and an opened journal for the tests of agent/journal: layouts, samples, and what the handlers
// said.
#pragma once

#include <filesystem>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "agent/journal/journal.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/temporary_directory.hpp"

namespace congto::test {

using namespace std::chrono_literals;

inline meter::LayoutMeter plant_meter(const std::string& name, std::size_t points, meter::Type type) {
  meter::LayoutMeter described;
  described.name = name;
  described.bus = "line-1";
  described.profile = "test";
  described.medium = "electricity";
  described.every = 10s;
  for (std::size_t i = 0; i < points; ++i) {
    meter::Point point;
    point.name = "active_power_" + std::to_string(i);
    point.registers = meter::registers_of(type);
    point.at = static_cast<std::uint16_t>(i * point.registers);
    point.type = type;
    point.unit = meter::Unit::watt;
    described.points.push_back(std::move(point));
  }
  return described;
}

// compressor-1: four u16; pump-1: two f32.
inline meter::LayoutPtr plant_layout() {
  return std::make_shared<const meter::Layout>(std::vector{plant_meter("compressor-1", 4, meter::Type::u16),
                                                           plant_meter("pump-1", 2, meter::Type::f32)});
}

inline meter::Sample sample(const meter::LayoutPtr& layout, std::uint16_t index, BootTime slot,
                            std::uint16_t value = 1) {
  meter::Sample made;
  made.layout = layout;
  made.meter = index;
  made.slot = slot;
  made.stamp = slot + 123456us;
  made.took = 120ms;
  made.words.assign(layout->meters()[index].raw_words(), value);
  made.quality.assign(layout->meters()[index].points.size(), meter::Quality::good);
  return made;
}

// A journal in a file of the test, and everything that its handlers were told.
class OpenJournal {
 public:
  struct Told {
    std::vector<journal::Commit> commits;
    std::vector<std::pair<EpochId, Range>> dated;
    std::vector<journal::EpochState> found;
    std::vector<std::string> trouble;
  };

  OpenJournal(const std::filesystem::path& file, const Clock& clock, const std::string& boot_id = "boot-1",
              const std::function<void(journal::Settings&)>& change = {}) {
    journal::Settings settings;
    settings.file = file;
    settings.agent = "test-agent";
    settings.boot_id = boot_id;
    settings.commit_period = std::chrono::hours(1);  // tests commit when they mean to
    if (change) change(settings);
    journal::Handlers handlers;
    handlers.committed = [this](journal::Commit commit) {
      const std::lock_guard lock(mutex_);
      told_.commits.push_back(std::move(commit));
    };
    handlers.dated = [this](EpochId epoch, Range range) {
      const std::lock_guard lock(mutex_);
      told_.dated.emplace_back(epoch, range);
    };
    handlers.found = [this](journal::EpochState epoch) {
      const std::lock_guard lock(mutex_);
      told_.found.push_back(std::move(epoch));
    };
    handlers.trouble = [this](std::string text) {
      const std::lock_guard lock(mutex_);
      told_.trouble.push_back(std::move(text));
    };
    auto opened = journal::Journal::open(settings, clock, handlers);
    if (opened) {
      journal_ = std::move(*opened);
    } else {
      error_ = opened.error().message;
    }
  }

  journal::Journal* operator->() { return journal_.get(); }
  explicit operator bool() const { return journal_ != nullptr; }
  const std::string& error() const { return error_; }

  // Waits for the commit; what the handlers were told by it.
  Told commit() {
    std::promise<void> done;
    journal_->commit_now([&] { done.set_value(); });
    done.get_future().wait();
    const std::lock_guard lock(mutex_);
    return std::exchange(told_, {});
  }
  // The records of one commit.
  std::vector<meter::StoredRecord> commit(std::vector<meter::Record> records) {
    for (auto& record : records) journal_->append(std::move(record));
    const auto told = commit();
    REQUIRE(told.commits.size() == 1);
    return told.commits[0].records;
  }
  std::vector<meter::StoredRecord> read(const EpochId& epoch, const RangeSet& wanted = {{1, 1'000'000}},
                                        std::size_t max_records = 100'000,
                                        std::size_t max_readings = 1'000'000) {
    std::promise<std::vector<meter::StoredRecord>> done;
    journal_->read(epoch, wanted, max_records, max_readings, [&](auto records) { done.set_value(records); });
    return done.get_future().get();
  }
  // A clean end.
  void close() { journal_.reset(); }

 private:
  std::mutex mutex_;
  Told told_;
  std::unique_ptr<journal::Journal> journal_;  // last: its handlers use the members above until it is gone
  std::string error_;
};

inline bool same(const meter::Record& a, const meter::Record& b) {
  if (a.index() != b.index()) return false;
  if (const auto* x = std::get_if<meter::Sample>(&a)) {
    const auto& y = std::get<meter::Sample>(b);
    return x->layout->id() == y.layout->id() && x->meter == y.meter && x->stamp == y.stamp &&
           x->slot == y.slot && x->took == y.took && x->words == y.words && x->quality == y.quality;
  }
  if (const auto* x = std::get_if<meter::Start>(&a)) {
    const auto& y = std::get<meter::Start>(b);
    if (x->prev.has_value() != y.prev.has_value() || x->since != y.since || x->why != y.why) return false;
    return !x->prev || (x->prev->epoch == y.prev->epoch && x->prev->last == y.prev->last);
  }
  if (const auto* x = std::get_if<meter::Skipped>(&a)) {
    const auto& y = std::get<meter::Skipped>(b);
    return x->layout->id() == y.layout->id() && x->meter == y.meter && x->from == y.from && x->to == y.to &&
           x->count == y.count && x->why == y.why;
  }
  if (const auto* x = std::get_if<meter::Void>(&a)) {
    const auto& y = std::get<meter::Void>(b);
    return x->epoch == y.epoch && x->first == y.first && x->last == y.last && x->why == y.why;
  }
  const auto& x = std::get<meter::Meta>(a);
  const auto& y = std::get<meter::Meta>(b);
  return x.layout->id() == y.layout->id() && x.info == y.info && x.unsupported == y.unsupported;
}

}  // namespace congto::test
