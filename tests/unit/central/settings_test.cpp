// central.toml: what is wrong is named, and secrets are neither printed nor open to others.
#include "agent/central/settings.hpp"

#include <fstream>

#include "agent/central/database.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace congto;
using namespace congto::central;

namespace {

struct File {
  test::TemporaryDirectory directory;
  SettingsReading read(const std::string& text) const {
    std::ofstream(directory / "central.toml") << text;
    return read_settings(directory / "central.toml");
  }
  std::string errors(const std::string& text) const {
    std::string all;
    for (const auto& error : read(text).errors) all += error + "\n";
    return all;
  }
};

const std::string good =
    "centre = \"soc-trang\"\n[broker]\nurl = \"mqtt://127.0.0.1:1883\"\n[database]\nurl = "
    "\"postgresql:///congto\"\n";

bool has(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a whole configuration is read") {
  const File file;
  const auto reading = file.read(good);
  CHECK(reading.errors.empty());
  CHECK(reading.settings.centre == "soc-trang");
  CHECK(reading.settings.broker.broker == "mqtt://127.0.0.1:1883");
  CHECK(reading.settings.database.url == "postgresql:///congto");
}

TEST_CASE("what is missing is named, all at once") {
  const File file;
  const auto all = file.errors("");
  CHECK(has(all, "centre"));
  CHECK(has(all, "[broker]"));
  CHECK(has(all, "[database]"));
  CHECK(has(file.errors("centre = \"Sóc Trăng\"\n"), "expected 1 to 64 of a-z"));
}

TEST_CASE("an unknown key is refused, with the table where a known one belongs") {
  const File file;
  CHECK(has(file.errors(good + "pasword-file = \"x\"\n"), "password-file"));
  CHECK(has(file.errors(good + "ca = \"x\"\n"), "[broker]"));
}

TEST_CASE("a password in the database's address is refused, and not printed") {
  const File file;
  for (const std::string url :
       {"postgresql://u:s3cret@host/db", "host=h password=s3cret", "postgresql://u:s3cret@[::1/db"}) {
    const auto all = file.errors(
        "centre = \"a\"\n[broker]\nurl = \"mqtt://127.0.0.1\"\n[database]\nurl = \"" + url + "\"\n");
    CHECK(has(all, "central.toml:5"));
    CHECK_FALSE(has(all, "s3cret"));
  }
}

TEST_CASE("a password file that others can read is refused") {
  const File file;
  const auto password = file.directory / "password";
  std::ofstream(password) << "s3cret\n";
  const auto text = good + "password-file = \"password\"\n";
  std::filesystem::permissions(password, std::filesystem::perms(0640));
  CHECK(has(file.errors(text), "chmod 600"));
  std::filesystem::permissions(password, std::filesystem::perms(0600));
  CHECK(file.errors(text).empty());
  CHECK(file.read(text).settings.database.password == "s3cret");
}

TEST_CASE("a database on another machine is reached over TLS that checks its name, or not at all") {
  for (const std::string url :
       {"postgresql://db.example/congto", "host=10.0.0.5", "host=/run/postgresql,db.example",
        "hostaddr=10.0.0.5", "host=127.evil.example", "host=db.example sslmode=require",
        "host=db.example sslmode=verify-ca"}) {
    INFO(url);
    CHECK(has(wrong_database_url(url), "add sslmode=verify-full"));
  }
  for (const std::string url :
       {"postgresql:///congto?host=/run/postgresql", "host=127.0.0.1 port=5433", "postgresql://[::1]/congto",
        "dbname=congto", "postgresql://db.example/congto?sslmode=verify-full"}) {
    INFO(url);
    CHECK(wrong_database_url(url).empty());
  }
}
