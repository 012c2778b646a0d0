// Both ends of the control socket.
#include "agent/control/socket.hpp"

#include <sys/stat.h>

#include <stdexcept>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

namespace congto::control {

namespace {

namespace asio = boost::asio;
using Socket = asio::local::stream_protocol::socket;
using Endpoint = asio::local::stream_protocol::endpoint;

constexpr std::size_t longest_request = 64 * 1024;
constexpr auto request_patience = std::chrono::seconds(10);

// sun_path holds 108 bytes with its end (unix(7)).
constexpr std::size_t longest_path = 107;

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Socket socket, std::shared_ptr<const Handler> handler)
      : socket_(std::move(socket)), timer_(socket_.get_executor()), handler_(std::move(handler)) {}

  void start() {
    timer_.expires_after(request_patience);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
      if (!cancelled) self->close();
    });
    asio::async_read_until(socket_, asio::dynamic_buffer(line_, longest_request), '\n',
                           [self = shared_from_this()](boost::system::error_code error, std::size_t) {
                             self->timer_.cancel();
                             if (!error) self->handle();
                           });
  }

 private:
  void handle() {
    line_.resize(line_.find('\n'));
    (*handler_)(line_, [self = shared_from_this()](std::string answer) {
      asio::post(self->socket_.get_executor(), [self, answer = std::move(answer)]() mutable {
        self->answer_ = std::move(answer) + "\n";
        asio::async_write(self->socket_, asio::buffer(self->answer_),
                          [self](boost::system::error_code, std::size_t) { self->close(); });
      });
    });
  }
  void close() {
    boost::system::error_code already_closed;
    socket_.close(already_closed);
  }

  Socket socket_;
  asio::steady_timer timer_;
  std::shared_ptr<const Handler> handler_;
  std::string line_;
  std::string answer_;
};

class UnixServer final : public Server {
 public:
  UnixServer(asio::any_io_executor executor, std::filesystem::path path, Handler handler)
      : acceptor_(executor),
        path_(std::move(path)),
        handler_(std::make_shared<const Handler>(std::move(handler))) {}
  ~UnixServer() override {
    boost::system::error_code already_closed;
    acceptor_.close(already_closed);
    std::error_code already_gone;
    if (bound_) std::filesystem::remove(path_, already_gone);
  }

  boost::system::error_code open() {
    boost::system::error_code error;
    acceptor_.open(asio::local::stream_protocol(), error);
    if (!error) acceptor_.bind(Endpoint(path_.string()), error);
    bound_ = !error;  // what else lies there is not ours to remove
    if (!error && chmod(path_.c_str(), 0660) != 0) error.assign(errno, boost::system::system_category());
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) accept();
    return error;
  }

 private:
  void accept() {
    acceptor_.async_accept([this](boost::system::error_code error, Socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error) std::make_shared<Session>(std::move(socket), handler_)->start();
      accept();
    });
  }

  asio::local::stream_protocol::acceptor acceptor_;
  std::filesystem::path path_;
  bool bound_ = false;
  std::shared_ptr<const Handler> handler_;
};

bool somebody_listens(const std::filesystem::path& path) {
  asio::io_context context;
  Socket socket(context);
  boost::system::error_code error;
  socket.connect(Endpoint(path.string()), error);
  return !error;
}

}  // namespace

Result<std::unique_ptr<Server>> Server::open(asio::any_io_executor executor, std::filesystem::path path,
                                             Handler handler) {
  if (path.string().size() > longest_path) {
    return Error{path.string() +
                 ": a socket's path has at most 107 characters; choose a shorter `state` folder"};
  }
  std::error_code trouble;  // of a folder that may not be looked into: bind() says it again
  if (std::filesystem::is_socket(path, trouble)) {
    if (somebody_listens(path)) return Error{path.string() + ": another agent listens here; stop it first"};
    std::filesystem::remove(path, trouble);
    if (trouble) return Error{path.string() + ": an old socket cannot be removed: " + trouble.message()};
  }
  auto server = std::make_unique<UnixServer>(executor, path, std::move(handler));
  if (const auto error = server->open()) return Error{path.string() + ": cannot listen: " + error.message()};
  return std::unique_ptr<Server>(std::move(server));
}

void throw_exception_from_error(const AskError& error, const boost::source_location&) {
  throw std::logic_error("answer of a failed question: " + error.message);
}

std::ostream& operator<<(std::ostream& out, const AskError& error) { return out << error.message; }

Answer ask(const std::filesystem::path& path, const std::string& line, std::chrono::milliseconds patience) {
  if (path.string().size() > longest_path) return AskError{true, path.string() + ": no agent listens there"};
  asio::io_context context;
  Socket socket(context);
  boost::system::error_code error;
  socket.connect(Endpoint(path.string()), error);
  if (error == asio::error::connection_refused || error == boost::system::errc::no_such_file_or_directory) {
    return AskError{true, path.string() + ": no agent listens there"};
  }
  if (error == boost::system::errc::permission_denied) {
    return AskError{false, path.string() + ": permission denied; join the group `congto` or use sudo"};
  }
  if (error) return AskError{false, path.string() + ": " + error.message()};
  const std::string request = line + "\n";
  std::string answer;
  bool whole = false;
  asio::async_write(socket, asio::buffer(request), [&](boost::system::error_code written, std::size_t) {
    if (written) return;
    asio::async_read_until(socket, asio::dynamic_buffer(answer), '\n',
                           [&](boost::system::error_code read, std::size_t) { whole = !read; });
  });
  context.run_for(patience);
  if (!whole) return AskError{false, path.string() + ": the agent did not answer in time"};
  answer.resize(answer.find('\n'));
  return answer;
}

}  // namespace congto::control
