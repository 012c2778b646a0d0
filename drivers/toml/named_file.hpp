// Files that a configuration names: certificates, keys, passwords. They must exist, and one with a secret in
// it must be closed to others. Used by the readers of broker and database settings.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "drivers/toml/table.hpp"

namespace congto::toml {

enum class Secrecy { open, secret };

// The path that a key names, from `folder` on; empty where the key is not given. What is wrong with the file
// goes to the table's report: it is not there, no regular file, or secret (a private key in it is, too) and
// open to others.
std::filesystem::path read_named_file(Table& table, std::string_view key, const std::filesystem::path& folder,
                                      Secrecy secrecy);

// The content, without its last line end, of the secret file that a key names; empty where the key is not
// given. A file that this user cannot read is a warning, which ends with `without`: commands that only look
// at the configuration need no password.
std::string read_password_file(Table& table, std::string_view key, const std::filesystem::path& folder,
                               std::string_view without);

}  // namespace congto::toml
