// The MQTT client against a real mosquitto: good days, refusals, a broker that dies, freezes, or is not
// there.
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/mqtt/client.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/mosquitto.hpp"

using namespace congto;
using namespace std::chrono_literals;
using test::Mosquitto;

namespace {

// A client and all it says. Pauses are short, so that a test of reconnecting does not last a minute.
struct Fixture {
  boost::asio::io_context context;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
  std::vector<mqtt::Allowed> connected;
  std::vector<mqtt::Disconnected> disconnected;
  std::vector<mqtt::Published> published;
  std::vector<mqtt::Message> messages;
  std::vector<std::string> troubles;
  std::unique_ptr<mqtt::Client> client;

  static mqtt::Settings settings(const std::string& broker, const std::string& id = "test-agent") {
    mqtt::Settings settings;
    settings.broker = broker;
    settings.client_id = id;
    settings.first_pause = 50ms;
    settings.last_pause = 200ms;
    settings.taken_over_pause = 500ms;
    return settings;
  }
  explicit Fixture(const mqtt::Settings& settings) {
    mqtt::Handlers handlers;
    handlers.connected = [this](mqtt::Allowed allowed) { connected.push_back(allowed); };
    handlers.disconnected = [this](mqtt::Disconnected what) { disconnected.push_back(std::move(what)); };
    handlers.published = [this](mqtt::Published what) { published.push_back(what); };
    handlers.message = [this](mqtt::Message message) { messages.push_back(std::move(message)); };
    handlers.trouble = [this](std::string text) { troubles.push_back(std::move(text)); };
    client = mqtt::Client::create(context.get_executor(), settings, handlers);
  }
  // Runs until the condition holds; false when it does not within the deadline.
  bool until(const std::function<bool()>& condition, std::chrono::seconds limit = 30s) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      context.run_one_for(100ms);
    }
    return true;
  }
  bool connect() {
    client->start();
    return until([this] { return client->connected(); });
  }
  bool stop(std::chrono::milliseconds patience = 500ms) {
    bool done = false;
    client->stop(patience, [&done] { done = true; });
    return until([&done] { return done; });
  }
  std::string last_text() const { return disconnected.empty() ? "" : disconnected.back().text; }
  bool told(const std::string& what) const { return last_text().find(what) != std::string::npos; }
};

struct Certificates {
  explicit Certificates(const test::TemporaryDirectory& place) : directory(place.path().string()) {
    authority("ca");
    authority("foreign");
    certificate("server", "localhost", "DNS:localhost,IP:127.0.0.1");
    certificate("other", "other.example", "DNS:other.example");
    certificate("agent", "test-agent", "DNS:test-agent");
  }
  std::string file(const std::string& name) const { return directory + "/" + name; }

 private:
  void run(const std::string& arguments) const {
    const std::string command = "cd '" + directory + "' && openssl " + arguments + " >> openssl.log 2>&1";
    if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
  }
  void authority(const std::string& name) const {
    run("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=" + name + " -keyout " + name + ".key -out " +
        name + ".pem");
  }
  void certificate(const std::string& name, const std::string& common, const std::string& alternative) const {
    run("req -newkey rsa:2048 -nodes -subj /CN=" + common + " -keyout " + name + ".key -out " + name +
        ".csr");
    std::ofstream(file(name + ".ext")) << "subjectAltName=" << alternative << "\n";
    run("x509 -req -days 2 -CA ca.pem -CAkey ca.key -CAcreateserial -in " + name + ".csr -out " + name +
        ".pem -extfile " + name + ".ext");
  }
  std::string directory;
};

std::string tls_listener(const Certificates& files, const std::string& name) {
  return "allow_anonymous true\ncertfile " + files.file(name + ".pem") + "\nkeyfile " +
         files.file(name + ".key") + "\ncafile " + files.file("ca.pem") + "\n";
}

// Another process connects under the name, which throws out who has it.
void take_name(const Mosquitto& broker, const std::string& name) {
  const std::string command = "mosquitto_pub -V 5 -h 127.0.0.1 -p " + std::to_string(broker.port()) + " -i " +
                              name + " -t thief -m here";
  if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
}

std::string security_plugin() {
  for (const char* root : {"/usr/lib", "/usr/lib64", "/usr/local/lib"}) {
    if (!std::filesystem::is_directory(root)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(root)) {
      const auto file = entry.path() / "mosquitto_dynamic_security.so";
      if (std::filesystem::exists(file)) return file.string();
    }
  }
  return {};
}

}  // namespace

TEST_CASE("what is published is acknowledged, and arrives at a subscriber") {
  Mosquitto broker;
  auto settings = Fixture::settings(broker.url(), "reader");
  settings.subscriptions = {"a/b"};
  Fixture reader(settings);
  REQUIRE(reader.connect());
  Fixture writer(Fixture::settings(broker.url(), "writer"));
  REQUIRE(writer.connect());
  REQUIRE(writer.client->publish(7, "a/b", "hello", false));
  REQUIRE(writer.until([&] { return writer.published.size() == 1; }));
  CHECK(writer.published[0].token == 7);
  CHECK_FALSE(writer.published[0].lost);
  CHECK(writer.published[0].reason < 0x80);
  REQUIRE(reader.until([&] { return reader.messages.size() == 1; }));
  CHECK(reader.messages[0].topic == "a/b");
  CHECK(reader.messages[0].payload == "hello");
}

TEST_CASE("what the CONNACK allows is handed up") {
  Mosquitto broker("allow_anonymous true\nmax_packet_size 5000\nmax_inflight_messages 4\n");
  Fixture fixture(Fixture::settings(broker.url()));
  REQUIRE(fixture.connect());
  REQUIRE(fixture.connected.size() == 1);
  CHECK(fixture.connected[0].maximum_packet_size == 5000);
  CHECK(fixture.connected[0].receive_maximum == 4);
  for (std::uint64_t token = 0; token < 4; ++token) CHECK(fixture.client->publish(token, "t", "x", false));
  CHECK_FALSE(fixture.client->publish(4, "t", "x", false));
}

TEST_CASE("at most 15 publishes are under way, and the window opens again with the answers") {
  Mosquitto broker;
  Fixture fixture(Fixture::settings(broker.url()));
  REQUIRE(fixture.connect());
  for (std::uint64_t token = 0; token < 15; ++token) REQUIRE(fixture.client->publish(token, "t", "x", false));
  CHECK_FALSE(fixture.client->publish(15, "t", "x", false));
  REQUIRE(fixture.until([&] { return fixture.published.size() == 15; }));
  CHECK(fixture.client->publish(15, "t", "x", false));
}

TEST_CASE("nothing is taken before the connection stands") {
  Mosquitto broker;
  Fixture fixture(Fixture::settings(broker.url()));
  CHECK_FALSE(fixture.client->publish(1, "t", "x", false));
  fixture.client->start();
  CHECK_FALSE(fixture.client->publish(1, "t", "x", false));
  CHECK_FALSE(fixture.client->connected());
}

TEST_CASE("a content encoding goes with its message and with no other") {
  Mosquitto broker("allow_anonymous true\n");
  auto settings = Fixture::settings(broker.url(), "reader");
  settings.subscriptions = {"a/b"};
  Fixture reader(settings);
  REQUIRE(reader.connect());
  Fixture writer(Fixture::settings(broker.url(), "writer"));
  REQUIRE(writer.connect());
  REQUIRE(writer.client->publish(1, "a/b", "packed", false, "gzip"));
  REQUIRE(writer.client->publish(2, "a/b", "plain", false));
  REQUIRE(reader.until([&] { return reader.messages.size() == 2; }));
  CHECK(reader.messages[0].content_encoding == "gzip");
  CHECK(reader.messages[1].content_encoding.empty());
}

TEST_CASE("a thousand messages pass in order with the window kept full") {
  Mosquitto broker("allow_anonymous true\nmax_queued_messages 0\n");
  auto settings = Fixture::settings(broker.url(), "reader");
  settings.subscriptions = {"t"};
  Fixture reader(settings);
  REQUIRE(reader.connect());
  Fixture writer(Fixture::settings(broker.url(), "writer"));
  REQUIRE(writer.connect());
  std::uint64_t next = 0;
  REQUIRE(writer.until([&] {
    while (next < 1000 && writer.client->publish(next, "t", std::to_string(next), false)) ++next;
    return writer.published.size() == 1000;
  }));
  REQUIRE(reader.until([&] { return reader.messages.size() == 1000; }));
  for (std::size_t at = 0; at < 1000; ++at) REQUIRE(reader.messages[at].payload == std::to_string(at));
}

TEST_CASE("no broker at start: the reason is told, and the client comes when the broker does") {
  Mosquitto broker;
  broker.kill();
  Fixture fixture(Fixture::settings(broker.url()));
  fixture.client->start();
  REQUIRE(fixture.until([&] { return fixture.disconnected.size() >= 2; }));
  CHECK(fixture.told("connection refused"));
  CHECK(fixture.told("is the broker running"));
  broker.start();
  CHECK(fixture.until([&] { return fixture.client->connected(); }));
}

TEST_CASE("an unknown host is told as that") {
  Fixture fixture(Fixture::settings("mqtt://no-such-host.invalid:1883"));
  fixture.client->start();
  REQUIRE(fixture.until([&] { return !fixture.disconnected.empty(); }, 60s));
  CHECK(fixture.told("unknown host"));
  CHECK(fixture.told("no-such-host.invalid"));
}

TEST_CASE("an address that is none is told instead of tried") {
  Fixture fixture(Fixture::settings("http://centre.example"));
  fixture.client->start();
  REQUIRE(fixture.until([&] { return !fixture.disconnected.empty(); }));
  CHECK(fixture.told("mqtts://"));
}

TEST_CASE("a broker that is killed loses what is under way, and the client comes back") {
  Mosquitto broker;
  auto settings = Fixture::settings(broker.url());
  settings.subscriptions = {"down"};
  Fixture fixture(settings);
  REQUIRE(fixture.connect());
  broker.freeze();  // so that none of them is answered
  for (std::uint64_t token = 0; token < 5; ++token) REQUIRE(fixture.client->publish(token, "t", "x", false));
  broker.kill();
  REQUIRE(fixture.until([&] { return !fixture.disconnected.empty(); }));
  REQUIRE(fixture.published.size() == 5);
  for (const auto& outcome : fixture.published) CHECK(outcome.lost);
  CHECK_FALSE(fixture.client->connected());
  broker.start();
  REQUIRE(fixture.until([&] { return fixture.client->connected(); }));
  REQUIRE(fixture.client->publish(9, "down", "again", false));
  CHECK(fixture.until([&] { return fixture.published.size() == 6 && !fixture.published[5].lost; }));
  CHECK(fixture.until([&] { return fixture.messages.size() == 1; }));
}

TEST_CASE("a frozen broker is noticed by the watchdog while something is under way") {
  Mosquitto broker;
  auto settings = Fixture::settings(broker.url());
  settings.watchdog = 300ms;
  Fixture fixture(settings);
  REQUIRE(fixture.connect());
  broker.freeze();
  REQUIRE(fixture.client->publish(1, "t", "x", false));
  REQUIRE(fixture.until([&] { return !fixture.disconnected.empty(); }));
  CHECK(fixture.told("no answer for"));
  REQUIRE(fixture.published.size() == 1);
  CHECK(fixture.published[0].lost);
  broker.thaw();
  CHECK(fixture.until([&] { return fixture.client->connected(); }));
}

TEST_CASE("answers that arrive keep the watchdog quiet") {
  Mosquitto broker;
  auto settings = Fixture::settings(broker.url());
  settings.watchdog = 400ms;
  Fixture fixture(settings);
  REQUIRE(fixture.connect());
  std::uint64_t next = 0;
  const auto end = std::chrono::steady_clock::now() + 1s;
  REQUIRE(fixture.until([&] {
    if (fixture.client->publish(next, "t", "x", false)) ++next;
    return std::chrono::steady_clock::now() > end;
  }));
  CHECK(fixture.disconnected.empty());
}

TEST_CASE("a stop ends though the broker is frozen, with messages under way") {
  Mosquitto broker;
  auto fixture = std::make_unique<Fixture>(Fixture::settings(broker.url()));
  REQUIRE(fixture->connect());
  broker.freeze();
  for (std::uint64_t token = 0; token < 15; ++token) {
    REQUIRE(fixture->client->publish(token, "t", std::string(60'000, 'x'), false));
  }
  CHECK(fixture->stop(200ms));
}

TEST_CASE("a clean stop waits for what is under way and suppresses the will") {
  Mosquitto broker;
  auto reading = Fixture::settings(broker.url(), "reader");
  reading.subscriptions = {"will", "t"};
  Fixture reader(reading);
  REQUIRE(reader.connect());
  auto settings = Fixture::settings(broker.url(), "writer");
  settings.will_topic = "will";
  settings.will_payload = "gone";
  settings.will_delay = 0s;
  Fixture writer(settings);
  REQUIRE(writer.connect());
  for (std::uint64_t token = 0; token < 10; ++token) REQUIRE(writer.client->publish(token, "t", "x", false));
  REQUIRE(writer.stop());
  CHECK(writer.published.size() == 10);
  CHECK_FALSE(writer.client->connected());
  REQUIRE(reader.until([&] { return reader.messages.size() == 10; }));
  // The broker would have published the will before it answers the next message.
  REQUIRE(reader.client->publish(1, "t", "last", false));
  REQUIRE(reader.until([&] { return reader.messages.size() == 11; }));
  for (const auto& message : reader.messages) CHECK(message.topic == "t");
}

TEST_CASE("the will is retained and comes when the client vanishes") {
  Mosquitto broker;
  auto settings = Fixture::settings(broker.url(), "writer");
  settings.will_topic = "will";
  settings.will_payload = "gone";
  settings.will_delay = 0s;
  Fixture writer(settings);
  REQUIRE(writer.connect());
  take_name(broker, "writer");
  REQUIRE(writer.until([&] { return !writer.disconnected.empty(); }));
  auto reading = Fixture::settings(broker.url(), "reader");
  reading.subscriptions = {"will"};
  Fixture reader(reading);
  REQUIRE(reader.connect());
  REQUIRE(reader.until([&] { return reader.messages.size() == 1; }));
  CHECK(reader.messages[0].payload == "gone");
}

TEST_CASE("connections that end at once, again and again, are told as a name used twice") {
  Mosquitto broker;
  Fixture fixture(Fixture::settings(broker.url(), "twin"));
  fixture.client->start();
  for (std::size_t endings = 0; endings < 3; ++endings) {
    REQUIRE(fixture.until([&] { return fixture.client->connected(); }));
    CHECK_FALSE(fixture.told("using the name"));
    take_name(broker, "twin");
    REQUIRE(fixture.until([&] { return fixture.disconnected.size() > endings; }));
  }
  // mosquitto 2.0.11 closes the older connection without a word; later ones say 0x8E.
  CHECK(fixture.disconnected.back().taken_over);
  CHECK(fixture.disconnected.back().suspected == fixture.told("another client may be using the name twin"));
}

TEST_CASE("wrong credentials are told without the password, and tried again") {
  Mosquitto broker("allow_anonymous false\n");
  auto settings = Fixture::settings(broker.url());
  settings.username = "agent";
  settings.password = "s3cret-word";
  Fixture fixture(settings);
  fixture.client->start();
  REQUIRE(fixture.until([&] { return fixture.disconnected.size() >= 2; }));
  CHECK(fixture.told("refuses the user name or password"));
  for (const auto& what : fixture.disconnected) {
    CHECK(what.text.find("s3cret-word") == std::string::npos);
    CHECK_FALSE(what.taken_over);
  }
}

TEST_CASE("a broker that wants credentials where none are set says so") {
  Mosquitto broker("allow_anonymous false\n");
  Fixture fixture(Fixture::settings(broker.url()));
  fixture.client->start();
  REQUIRE(fixture.until([&] { return !fixture.disconnected.empty(); }));
  CHECK(fixture.told("wants credentials"));
}

TEST_CASE("a topic that the access list forbids is refused with 0x87, and the connection stays") {
  test::TemporaryDirectory directory;
  std::ofstream(directory / "acl") << "topic write allowed/#\n";
  Mosquitto broker("allow_anonymous true\nacl_file " + (directory / "acl").string() + "\n");
  Fixture fixture(Fixture::settings(broker.url()));
  REQUIRE(fixture.connect());
  REQUIRE(fixture.client->publish(1, "forbidden", "x", false));
  REQUIRE(fixture.client->publish(2, "allowed/x", "x", false));
  REQUIRE(fixture.until([&] { return fixture.published.size() == 2; }));
  CHECK(fixture.published[0].token == 1);
  CHECK(fixture.published[0].reason == 0x87);
  CHECK_FALSE(fixture.published[0].lost);
  CHECK(fixture.published[1].reason < 0x80);
  CHECK(fixture.disconnected.empty());
}

TEST_CASE("a message above the broker's limit is refused with 0x95") {
  Mosquitto broker("allow_anonymous true\nmessage_size_limit 1000\n");
  Fixture fixture(Fixture::settings(broker.url()));
  REQUIRE(fixture.connect());
  REQUIRE(fixture.client->publish(1, "t", std::string(2000, 'x'), false));
  REQUIRE(fixture.until([&] { return fixture.published.size() == 1; }));
  CHECK(fixture.published[0].reason == 0x95);
}

TEST_CASE("what comes down and is larger than 256 KiB is dropped; what follows arrives") {
  Mosquitto broker;
  auto settings = Fixture::settings(broker.url(), "reader");
  settings.subscriptions = {"t"};
  Fixture reader(settings);
  REQUIRE(reader.connect());
  Fixture writer(Fixture::settings(broker.url(), "writer"));
  REQUIRE(writer.connect());
  REQUIRE(writer.client->publish(1, "t", std::string(300'000, 'x'), false));
  REQUIRE(writer.client->publish(2, "t", std::string(200'000, 'x'), false));
  REQUIRE(reader.until([&] { return !reader.messages.empty(); }));
  CHECK(reader.messages[0].payload.size() == 200'000);
  CHECK(reader.disconnected.empty());
}

TEST_CASE("TLS: with the right authority and client certificate the connection stands") {
  test::TemporaryDirectory directory;
  const Certificates files(directory);
  Mosquitto broker(tls_listener(files, "server") + "require_certificate true\n");
  auto settings = Fixture::settings(broker.url("mqtts"));
  settings.ca = files.file("ca.pem");
  settings.certificate = files.file("agent.pem");
  settings.key = files.file("agent.key");
  Fixture fixture(settings);
  REQUIRE(fixture.connect());
  REQUIRE(fixture.client->publish(1, "t", "x", false));
  CHECK(fixture.until([&] { return fixture.published.size() == 1 && !fixture.published[0].lost; }));
}

TEST_CASE("TLS: what is wrong is told as a person understands it") {
  test::TemporaryDirectory directory;
  const Certificates files(directory);
  const auto text_of = [](const mqtt::Settings& settings) {
    Fixture fixture(settings);
    fixture.client->start();
    REQUIRE(fixture.until([&] { return !fixture.disconnected.empty(); }, 60s));
    CHECK_FALSE(fixture.client->connected());
    return fixture.last_text();
  };
  SECTION("an authority that did not sign the broker's certificate") {
    Mosquitto broker(tls_listener(files, "server"));
    auto settings = Fixture::settings(broker.url("mqtts"));
    settings.ca = files.file("foreign.pem");
    CHECK(text_of(settings).find("not trusted") != std::string::npos);
  }
  SECTION("a certificate for another name") {
    Mosquitto broker(tls_listener(files, "other"));
    auto settings = Fixture::settings(broker.url("mqtts", "localhost"));
    settings.ca = files.file("ca.pem");
    CHECK(text_of(settings).find("another name") != std::string::npos);
    settings.broker = broker.url("mqtts", "127.0.0.1");
    CHECK(text_of(settings).find("another name") != std::string::npos);
  }
  SECTION("a client certificate that is missing") {
    Mosquitto broker(tls_listener(files, "server") + "require_certificate true\n");
    auto settings = Fixture::settings(broker.url("mqtts"));
    settings.ca = files.file("ca.pem");
    CHECK(text_of(settings).find("certificate") != std::string::npos);
  }
  SECTION("a port that does not speak TLS") {
    Mosquitto broker;
    auto settings = Fixture::settings(broker.url("mqtts"));
    settings.ca = files.file("ca.pem");
    CHECK(text_of(settings).find("does this port speak TLS") != std::string::npos);
  }
  SECTION("a port that wants TLS and gets none") {
    Mosquitto broker(tls_listener(files, "server"));
    CHECK(text_of(Fixture::settings(broker.url())).find("does this port want TLS") != std::string::npos);
  }
  SECTION("files that are missing or of the wrong kind") {
    Mosquitto broker(tls_listener(files, "server"));
    auto settings = Fixture::settings(broker.url("mqtts"));
    settings.ca = files.file("nothing.pem");
    CHECK(text_of(settings).find("nothing.pem: cannot be read") != std::string::npos);
    settings.ca = files.file("ca.key");
    CHECK(text_of(settings).find("not a certificate") != std::string::npos);
    settings.ca = files.file("ca.pem");
    settings.certificate = files.file("agent.pem");
    settings.key = files.file("server.key");
    CHECK(text_of(settings).find("not the private key of") != std::string::npos);
  }
}

TEST_CASE("a subscription that is refused is told, and the connection stays") {
  // Only the dynamic security plugin of mosquitto 2.0.11 refuses subscriptions.
  const auto plugin = security_plugin();
  if (plugin.empty()) {
    WARN("mosquitto_dynamic_security.so is not installed: not tested");
    return;
  }
  test::TemporaryDirectory directory;
  std::ofstream(directory / "security.json")
      << R"({"defaultACLAccess":{"publishClientSend":true,"publishClientReceive":true,"subscribe":false,)"
      << R"("unsubscribe":true},"clients":[{"username":"any","roles":[]}],"groups":[{"groupname":"all","roles":[]}],)"
      << R"("anonymousGroup":"all","roles":[]})";
  Mosquitto broker("allow_anonymous true\nplugin " + plugin + "\nplugin_opt_config_file " +
                   (directory / "security.json").string() + "\n");
  auto settings = Fixture::settings(broker.url());
  settings.subscriptions = {"down/ack"};
  Fixture fixture(settings);
  REQUIRE(fixture.connect());
  REQUIRE(fixture.troubles.size() == 1);
  CHECK(fixture.troubles[0].find("refuses the subscription to down/ack") != std::string::npos);
  CHECK(fixture.client->publish(1, "t", "x", false));
}

TEST_CASE("a client may be destroyed at any moment") {
  Mosquitto broker;
  SECTION("before it starts") { Fixture fixture(Fixture::settings(broker.url())); }
  SECTION("while it connects") {
    for (int round = 0; round < 10; ++round) {
      Fixture fixture(Fixture::settings(broker.url()));
      fixture.client->start();
    }
  }
  SECTION("with messages under way") {
    for (int round = 0; round < 10; ++round) {
      Fixture fixture(Fixture::settings(broker.url()));
      REQUIRE(fixture.connect());
      for (std::uint64_t token = 0; token < 15; ++token) fixture.client->publish(token, "t", "x", false);
    }
  }
}
