// The look at files that a configuration names, and at who may read them.
#include "drivers/toml/named_file.hpp"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <system_error>

namespace congto::toml {

namespace {

namespace fs = std::filesystem;

// A certificate is public, but one in a file with its private key is as secret as that.
bool holds_private_key(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  return text.find("PRIVATE KEY-----") != std::string::npos;
}

void check_secret(Table& table, std::string_view key, const fs::path& file, fs::perms permissions) {
  constexpr fs::perms others = fs::perms::group_all | fs::perms::others_all;
  if ((permissions & others) == fs::perms::none) return;
  char mode[8];
  std::snprintf(mode, sizeof mode, "%03o", static_cast<unsigned>(permissions & fs::perms::mask) & 0777U);
  table.error(key, file.string() + " can be read or changed by others (mode " + mode + "); run: chmod 600 " +
                       file.string());
}

}  // namespace

fs::path read_named_file(Table& table, std::string_view key, const fs::path& folder, Secrecy secrecy) {
  const auto text = table.string(key);
  if (!text) return {};
  fs::path file = fs::absolute(folder / *text).lexically_normal();
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (status.type() == fs::file_type::not_found) {
    table.error(key, "there is no file " + file.string());
  } else if (error) {
    table.warning(key, file.string() + " cannot be looked at: " + error.message());
  } else if (!fs::is_regular_file(status)) {
    table.error(key, file.string() + " is no regular file");
  } else if (secrecy == Secrecy::secret || holds_private_key(file)) {
    check_secret(table, key, file, status.permissions());
  }
  return file;
}

std::string read_password_file(Table& table, std::string_view key, const fs::path& folder,
                               std::string_view without) {
  const auto file = read_named_file(table, key, folder, Secrecy::secret);
  std::error_code ignored;  // read_named_file() has said what is wrong with it
  if (file.empty() || !fs::is_regular_file(file, ignored)) return {};
  std::ifstream stream(file, std::ios::binary);
  if (!stream.is_open()) {
    table.warning(key, file.string() + " cannot be read by this user; " + std::string(without));
    return {};
  }
  std::string password((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  if (password.ends_with('\n')) password.pop_back();
  if (password.ends_with('\r')) password.pop_back();
  if (password.empty()) table.error(key, file.string() + " is empty");
  return password;
}

}  // namespace congto::toml
