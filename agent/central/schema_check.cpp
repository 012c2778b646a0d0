// The tables' version and the rights of deploy/central/schema.sql, which change together with this program.
#include "agent/central/schema_check.hpp"

#include <string>

namespace congto::central {

namespace {

constexpr std::int64_t schema_version = 1;

[[noreturn]] void fail(const std::string& text) { throw DatabaseError(DatabaseError::Kind::away, "", text); }

}  // namespace

void check_schema(Database& database) {
  if (database.run("select to_regclass('congto.schema_version')").is_null(0, 0)) {
    fail(
        "the database has no tables of Congto, or they are not shown to this user; run "
        "deploy/central/database");
  }
  const auto rights = database.run(
      "select current_user, has_schema_privilege('congto', 'usage') and has_table_privilege('congto.sample', "
      "'insert') "
      "and has_table_privilege('congto.epoch', 'insert, update') and has_table_privilege('congto.agent', "
      "'select') "
      "and has_table_privilege('congto.schema_version', 'select')");
  if (rights.text(0, 1) != "t") {
    fail("the database's role \"" + std::string(rights.text(0, 0)) +
         "\" may not write Congto's tables; it needs the rights of congto_central (deploy/central/database "
         "gives them "
         "to the role congto-central)");
  }
  const auto version = database.run("select version from schema_version");
  if (version.size() != 1 || version.integer(0, 0) != schema_version) {
    fail("the database's tables are not those of this program; run deploy/central/database");
  }
}

}  // namespace congto::central
