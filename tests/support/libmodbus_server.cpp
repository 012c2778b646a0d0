// A Modbus server made of libmodbus: an implementation that is not ours, for tests/integration. One unit, one
// table of registers. Prints {"port": N} (TCP) or {"port": null} (RTU) when it is ready, and serves until it
// is killed.
#include <arpa/inet.h>
#include <modbus/modbus.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace {

struct Options {
  std::string device;  // empty: TCP
  int baud = 9600;
  int unit_id = 1;
  int function = 3;
  int first = 0;
  std::vector<std::uint16_t> values;
};

using Context = std::unique_ptr<modbus_t, decltype(&modbus_free)>;
using Mapping = std::unique_ptr<modbus_mapping_t, decltype(&modbus_mapping_free)>;

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "libmodbus_server: %s: %s\n", what.c_str(), modbus_strerror(errno));
  std::exit(1);
}

Options parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string word = arguments[i];
    const bool last = i + 1 == count;
    if (word == "--tcp") continue;
    if (word == "--rtu" && !last)
      options.device = arguments[++i];
    else if (word == "--baud" && !last)
      options.baud = std::atoi(arguments[++i]);
    else if (word == "--unit-id" && !last)
      options.unit_id = std::atoi(arguments[++i]);
    else if (word == "--function" && !last)
      options.function = std::atoi(arguments[++i]);
    else if (word == "--first" && !last)
      options.first = std::atoi(arguments[++i]);
    else
      options.values.push_back(static_cast<std::uint16_t>(std::atoi(word.c_str())));
  }
  return options;
}

Mapping make_mapping(const Options& options) {
  const auto count = static_cast<unsigned>(options.values.size());
  const auto first = static_cast<unsigned>(options.first);
  const bool input = options.function == 4;
  Mapping mapping(
      modbus_mapping_new_start_address(0, 0, 0, 0, first, input ? 0 : count, first, input ? count : 0),
      modbus_mapping_free);
  if (!mapping) die("no memory for registers");
  std::copy(options.values.begin(), options.values.end(),
            input ? mapping->tab_input_registers : mapping->tab_registers);
  return mapping;
}

// Answers until the peer goes.
void serve(modbus_t* context, modbus_mapping_t* mapping, bool serial) {
  std::array<std::uint8_t, MODBUS_MAX_ADU_LENGTH> query{};
  for (;;) {
    const int length = modbus_receive(context, query.data());
    if (length > 0)
      modbus_reply(context, query.data(), length, mapping);
    else if (length < 0 && !serial)
      return;
  }
}

int listen_on_free_port(sockaddr_in& address) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  if (listener < 0 || bind(listener, plain, size) != 0 || listen(listener, 5) != 0 ||
      getsockname(listener, plain, &size) != 0) {
    die("listen");
  }
  return listener;
}

void serve_tcp(const Options& options) {
  const Mapping mapping = make_mapping(options);
  sockaddr_in address{};
  const int listener = listen_on_free_port(address);
  std::printf("{\"port\": %d}\n", static_cast<int>(ntohs(address.sin_port)));
  std::fflush(stdout);
  for (;;) {
    const int peer = accept(listener, nullptr, nullptr);
    if (peer < 0) die("accept");
    const Context context(modbus_new_tcp("127.0.0.1", 0), modbus_free);
    modbus_set_socket(context.get(), peer);
    serve(context.get(), mapping.get(), false);
    close(peer);
  }
}

void serve_rtu(const Options& options) {
  const Mapping mapping = make_mapping(options);
  const Context context(modbus_new_rtu(options.device.c_str(), options.baud, 'N', 8, 1), modbus_free);
  if (!context || modbus_set_slave(context.get(), options.unit_id) != 0 || modbus_connect(context.get()) != 0)
    die(options.device);
  std::puts("{\"port\": null}");
  std::fflush(stdout);
  serve(context.get(), mapping.get(), true);
}

}  // namespace

int main(int count, char** arguments) {
  const Options options = parse(count, arguments);
  if (options.device.empty())
    serve_tcp(options);
  else
    serve_rtu(options);
  return 0;
}
