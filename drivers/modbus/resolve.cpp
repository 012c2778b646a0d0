// The system's resolver cannot be broken off while it waits for its servers, 10 s and more, and Asio joins
// its resolver thread at the end. A clean stop must not wait so long, so each lookup has a thread that nobody
// joins.
#include "drivers/modbus/resolve.hpp"

#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace congto::modbus {
namespace {

using Tcp = boost::asio::ip::tcp;

NameLookup::Endpoints ask_system(const std::string& host, std::uint16_t port, NameLookup::ErrorCode& error) {
  boost::asio::io_context own;
  Tcp::resolver resolver(own);
  NameLookup::Endpoints endpoints;
  for (const auto& result :
       resolver.resolve(host, std::to_string(port), Tcp::resolver::numeric_service, error)) {
    endpoints.push_back(result.endpoint());
  }
  return endpoints;
}

}  // namespace

// Between the lookup's thread and the lookup, which may be gone when the answer comes, with its io_context.
struct NameLookup::Mailbox {
  std::mutex mutex;
  NameLookup* owner = nullptr;  // changed only on the executor's thread, under the mutex
};

NameLookup::NameLookup(boost::asio::any_io_executor executor, Ask ask)
    : executor_(std::move(executor)), ask_(std::move(ask)), answered_(executor_) {}

NameLookup::NameLookup(boost::asio::any_io_executor executor) : NameLookup(std::move(executor), ask_system) {}

NameLookup::~NameLookup() {
  if (!asked_) return;
  const std::lock_guard lock(asked_->mutex);
  asked_->owner = nullptr;
}

void NameLookup::start(const std::string& host, std::uint16_t port) {
  const auto mailbox = std::make_shared<Mailbox>();
  mailbox->owner = this;
  const auto look_up = [mailbox, executor = executor_, ask = ask_, host, port] {
    Answer answer;
    answer.endpoints = ask(host, port, answer.error);
    const std::lock_guard lock(mailbox->mutex);
    if (mailbox->owner == nullptr) return;  // and perhaps no executor any more
    boost::asio::post(executor, [mailbox, answer = std::move(answer)] {
      if (mailbox->owner == nullptr) return;
      NameLookup& owner = *mailbox->owner;
      owner.answer_ = answer;
      owner.asked_.reset();
      owner.answered_.cancel();
    });
  };
  try {
    std::thread(look_up).detach();
    asked_ = mailbox;
  } catch (const std::system_error& no_thread) {
    answer_ = Answer{{}, no_thread.code()};
  }
}

boost::asio::awaitable<NameLookup::Endpoints> NameLookup::resolve(std::string host, std::uint16_t port,
                                                                  BootTime::duration longest,
                                                                  ErrorCode& error) {
  Endpoints endpoints;
  const auto address = boost::asio::ip::make_address(host, error);
  if (!error) {
    endpoints.emplace_back(address, port);
    co_return endpoints;
  }
  if (!asked_ && !answer_) start(host, port);
  ErrorCode woken;
  if (!answer_) {
    answered_.expires_after(longest);
    co_await answered_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
  }
  if (answer_) {
    error = answer_->error;
    endpoints = std::move(answer_->endpoints);
    answer_.reset();
  } else {
    error = woken ? woken : ErrorCode(boost::asio::error::timed_out);
  }
  co_return endpoints;
}

}  // namespace congto::modbus
