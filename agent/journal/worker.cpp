// The thread's loop, and the functions that hand it work.
#include "agent/journal/worker.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "agent/journal/record_codec.hpp"

namespace congto::journal {

namespace {

// A commit period's worth at 1000 records a second: beyond it a commit comes early, to bound memory and the
// time that one transaction takes.
constexpr std::size_t many_records = 10'000;

std::vector<EpochState> states(const Epochs& epochs) {
  std::vector<EpochState> all;
  for (const auto& [no, epoch] : epochs) all.push_back(state_of(epoch));
  return all;
}

}  // namespace

Worker::Worker(Settings settings, std::unique_ptr<Store> store)
    : settings_(std::move(settings)), store_(std::move(store)), found_(states(store_->epochs())) {
  publish_state();
  if (store_->waiting()) deadline_ = Steady::now() + settings_.commit_period;
  thread_ = std::thread([this] { run(); });
}

Worker::~Worker() {
  {
    const std::lock_guard lock(mutex_);
    inbox_.stop = true;
  }
  wake_.notify_one();
  thread_.join();
}

EpochId Worker::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

Status Worker::status() const {
  const std::lock_guard lock(mutex_);
  auto status = status_;
  status.records_in_memory += inbox_.records.size();
  status.dropped += inbox_.dropped;
  return status;
}

void Worker::append(meter::Record record) {
  if (!well_formed(record)) throw std::invalid_argument("a record that does not fit its layout");
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    // Only a commit that hangs lets it grow so far.
    if (inbox_.records.size() >= settings_.max_records_in_memory && !inbox_.records.empty()) {
      inbox_.records.pop_front();
      ++inbox_.dropped;
    }
    inbox_.records.push_back(std::move(record));
    // Between the first record and the commit the thread may sleep on.
    wake = sleeping_ || inbox_.records.size() == many_records;
    sleeping_ = false;
  }
  if (wake) wake_.notify_one();
}

void Worker::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    inbox_.tasks.push_back(std::move(task));
  }
  wake_.notify_one();
}

void Worker::commit_now(std::function<void()> done) {
  {
    const std::lock_guard lock(mutex_);
    inbox_.commit = true;
    if (done) inbox_.after_commit.push_back(std::move(done));
  }
  wake_.notify_one();
}

void Worker::date(meter::Dating dating) {
  post([dating](Store& store) { store.date(dating); });
}

void Worker::reference(ClockReference reference) {
  post([reference = std::move(reference)](Store& store) { store.reference(reference); });
}

void Worker::settle(EpochId epoch, RangeSet ranges) {
  post([epoch, ranges = std::move(ranges)](Store& store) { store.settle(epoch, ranges); });
}

void Worker::withdraw(EpochId epoch, RangeSet ranges) {
  post([epoch, ranges = std::move(ranges)](Store& store) { store.withdraw(epoch, ranges); });
}

void Worker::read(EpochId epoch, RangeSet wanted, std::size_t max_records, std::size_t max_readings,
                  std::function<void(std::vector<meter::StoredRecord>)> done) {
  post([=, wanted = std::move(wanted), done = std::move(done)](Store& store) {
    done(store.read(epoch, wanted, max_records, max_readings));
  });
}

void Worker::layout(std::string id, std::function<void(meter::LayoutPtr)> done) {
  post([id = std::move(id), done = std::move(done)](Store& store) { done(store.layout(id)); });
}

void Worker::run() {
  store_->tell_trouble();  // of the opening
  for (bool stop = false; !stop;) {
    auto inbox = wait();
    stop = inbox.stop;
    work(inbox);
  }
}

// Returns with work, or at the time of a commit.
Worker::Inbox Worker::wait() {
  std::unique_lock lock(mutex_);
  const auto ready = [this] {
    return !inbox_.tasks.empty() || inbox_.commit || inbox_.stop || inbox_.records.size() >= many_records ||
           (!deadline_ && !inbox_.records.empty());
  };
  if (deadline_) {
    wake_.wait_until(lock, *deadline_, ready);
  } else {
    sleeping_ = true;
    wake_.wait(lock, ready);
    sleeping_ = false;
  }
  // Until the thread publishes its state again, what it takes still counts.
  status_.records_in_memory += inbox_.records.size();
  status_.dropped += inbox_.dropped;
  return std::exchange(inbox_, {});
}

void Worker::work(Inbox& inbox) {
  store_->append(std::move(inbox.records), inbox.dropped);
  for (auto& task : inbox.tasks) task(*store_);
  const auto now = Steady::now();
  const bool due = deadline_ && now >= *deadline_;
  if (inbox.stop) {
    store_->close();
  } else if (inbox.commit || due || store_->crowded(many_records)) {
    if (store_->waiting()) store_->commit();
    deadline_.reset();
  }
  if (!deadline_ && store_->waiting()) deadline_ = now + settings_.commit_period;
  publish_state();
  store_->tell_trouble();
  for (auto& done : inbox.after_commit) done();
}

void Worker::publish_state() {
  auto status = store_->status();
  const std::lock_guard lock(mutex_);
  status_ = std::move(status);
  current_ = store_->current();
}

Result<std::unique_ptr<Journal>> Journal::open(Settings settings, const Clock& clock, Handlers handlers) {
  auto store = std::make_unique<Store>(settings, clock, std::move(handlers));
  if (const auto opened = store->open(); !opened) return opened.error();
  return std::unique_ptr<Journal>(std::make_unique<Worker>(std::move(settings), std::move(store)));
}

}  // namespace congto::journal
