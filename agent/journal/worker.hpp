// Worker: the journal's thread. It sleeps until there is something to do, wakes once a commit period while
// there is something to commit, and is the only one to touch the store.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "agent/journal/journal.hpp"
#include "agent/journal/store.hpp"

namespace congto::journal {

class Worker final : public Journal {
 public:
  // `store` has been opened.
  Worker(Settings settings, std::unique_ptr<Store> store);
  ~Worker() override;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  std::vector<EpochState> epochs() const override { return found_; }
  EpochId current() const override;
  void append(meter::Record record) override;
  void commit_now(std::function<void()> done) override;
  void date(meter::Dating dating) override;
  void reference(ClockReference reference) override;
  void settle(EpochId epoch, RangeSet ranges) override;
  void withdraw(EpochId epoch, RangeSet ranges) override;
  void read(EpochId epoch, RangeSet wanted, std::size_t max_records, std::size_t max_readings,
            std::function<void(std::vector<meter::StoredRecord>)> done) override;
  void layout(std::string id, std::function<void(meter::LayoutPtr)> done) override;
  Status status() const override;

 private:
  using Steady = std::chrono::steady_clock;
  using Task = std::function<void(Store&)>;
  struct Inbox {
    std::deque<meter::Record> records;
    std::uint64_t dropped = 0;
    std::deque<Task> tasks;
    std::vector<std::function<void()>> after_commit;
    bool commit = false;
    bool stop = false;
    bool empty() const { return records.empty() && tasks.empty() && !commit && !stop; }
  };

  void run();
  void post(Task task);
  Inbox wait();
  void work(Inbox& inbox);
  void publish_state();

  const Settings settings_;
  const std::unique_ptr<Store> store_;
  const std::vector<EpochState> found_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Inbox inbox_;            // under mutex_
  bool sleeping_ = false;  // under mutex_: without a time to wake at
  Status status_;          // under mutex_
  EpochId current_;        // under mutex_

  std::optional<Steady::time_point> deadline_;  // of the next commit; the thread's own
  std::thread thread_;
};

}  // namespace congto::journal
