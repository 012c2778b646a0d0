// A journal in memory: numbers what is appended, commits when the test says, answers reads through an
// executor, and remembers what it was told. For tests of those who use journal::Journal.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "agent/journal/journal.hpp"

namespace congto::test {

class FakeJournal final : public journal::Journal {
 public:
  explicit FakeJournal(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  EpochId epoch = EpochId::random();
  std::optional<meter::Dating> dating;
  std::map<EpochId, std::map<std::uint64_t, meter::StoredRecord>> records;
  std::map<EpochId, RangeSet> settled;
  std::vector<journal::EpochState> at_open;
  std::map<std::string, meter::LayoutPtr> layouts;
  std::vector<meter::Record> appended;  // and not committed yet
  std::size_t reads = 0;
  journal::Status state;    // what status() tells
  bool unreadable = false;  // the file is gone: reads give nothing

  journal::Commit commit() {
    journal::Commit commit;
    auto& kept = records[epoch];
    for (auto& record : std::exchange(appended, {})) {
      const std::uint64_t seq = kept.empty() ? 1 : kept.rbegin()->first + 1;
      const meter::StoredRecord stored{{epoch, seq}, std::move(record), dating};
      kept.emplace(seq, stored);
      commit.records.push_back(stored);
    }
    return commit;
  }

  std::vector<journal::EpochState> epochs() const override { return at_open; }
  EpochId current() const override { return epoch; }
  void append(meter::Record record) override { appended.push_back(std::move(record)); }
  void commit_now(std::function<void()> done) override {
    if (done) boost::asio::post(executor_, std::move(done));
  }
  void date(meter::Dating to) override { dating = to; }
  void reference(journal::ClockReference) override {}
  void settle(EpochId of, RangeSet ranges) override { settled[of].add(ranges); }
  void withdraw(EpochId of, RangeSet ranges) override { settled[of].remove(ranges); }
  void read(EpochId of, RangeSet wanted, std::size_t max_records, std::size_t max_readings,
            std::function<void(std::vector<meter::StoredRecord>)> done) override {
    ++reads;
    std::vector<meter::StoredRecord> found;
    std::size_t readings = 0;
    const auto& kept = unreadable ? records[EpochId()] : records[of];
    for (const auto& range : wanted.ranges()) {
      for (auto at = kept.lower_bound(range.first); at != kept.end() && at->first <= range.last; ++at) {
        if (found.size() >= max_records || readings >= max_readings) break;
        const auto* sample = std::get_if<meter::Sample>(&at->second.record);
        readings += sample == nullptr ? 1 : sample->quality.size();
        found.push_back(at->second);
      }
    }
    boost::asio::post(
        executor_, [done = std::move(done), found = std::move(found)]() mutable { done(std::move(found)); });
  }
  void layout(std::string id, std::function<void(meter::LayoutPtr)> done) override {
    const auto at = layouts.find(id);
    boost::asio::post(executor_, [done = std::move(done),
                                  found = at == layouts.end() ? nullptr : at->second] { done(found); });
  }
  journal::Status status() const override { return state; }

 private:
  boost::asio::any_io_executor executor_;
};

}  // namespace congto::test
