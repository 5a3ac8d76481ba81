#include "drift/pending/command_tags.h"

#include <array>
#include <utility>

namespace drift::pending {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 40> kObjects = {{
    {"OBJECT_TABLE", "TABLE"},
    {"OBJECT_INDEX", "INDEX"},
    {"OBJECT_VIEW", "VIEW"},
    {"OBJECT_MATVIEW", "MATERIALIZED VIEW"},
    {"OBJECT_SEQUENCE", "SEQUENCE"},
    {"OBJECT_TYPE", "TYPE"},
    {"OBJECT_DOMAIN", "DOMAIN"},
    {"OBJECT_FUNCTION", "FUNCTION"},
    {"OBJECT_PROCEDURE", "PROCEDURE"},
    {"OBJECT_AGGREGATE", "AGGREGATE"},
    {"OBJECT_SCHEMA", "SCHEMA"},
    {"OBJECT_EXTENSION", "EXTENSION"},
    {"OBJECT_TRIGGER", "TRIGGER"},
    {"OBJECT_POLICY", "POLICY"},
    {"OBJECT_RULE", "RULE"},
    {"OBJECT_FOREIGN_TABLE", "FOREIGN TABLE"},
    {"OBJECT_STATISTIC_EXT", "STATISTICS"},
    {"OBJECT_COLLATION", "COLLATION"},
    {"OBJECT_CAST", "CAST"},
    {"OBJECT_OPERATOR", "OPERATOR"},
    {"OBJECT_EVENT_TRIGGER", "EVENT TRIGGER"},
    {"OBJECT_ROLE", "ROLE"},
    {"OBJECT_PUBLICATION", "PUBLICATION"},
    {"OBJECT_SUBSCRIPTION", "SUBSCRIPTION"},
    {"OBJECT_FOREIGN_SERVER", "SERVER"},
    {"OBJECT_FDW", "FOREIGN DATA WRAPPER"},
    {"OBJECT_ROUTINE", "ROUTINE"},
    {"OBJECT_LANGUAGE", "LANGUAGE"},
    {"OBJECT_TSCONFIGURATION", "TEXT SEARCH CONFIGURATION"},
    {"OBJECT_TSDICTIONARY", "TEXT SEARCH DICTIONARY"},
    {"OBJECT_COLUMN", "TABLE"},
    {"OBJECT_TABCONSTRAINT", "TABLE"},
    {"OBJECT_DOMCONSTRAINT", "DOMAIN"},
    {"OBJECT_ATTRIBUTE", "TYPE"},
    {"OBJECT_DATABASE", "DATABASE"},
    {"OBJECT_TABLESPACE", "TABLESPACE"},
    {"OBJECT_OPCLASS", "OPERATOR CLASS"},
    {"OBJECT_OPFAMILY", "OPERATOR FAMILY"},
    {"OBJECT_ACCESS_METHOD", "ACCESS METHOD"},
    {"OBJECT_USER_MAPPING", "USER MAPPING"},
}};

// Statements that change no table that anybody waits for: their tag is all there is to say.
constexpr std::array<std::pair<std::string_view, std::string_view>, 42> kHarmless = {{
    {"CreateEnumStmt", "CREATE TYPE"},
    {"CompositeTypeStmt", "CREATE TYPE"},
    {"CreateRangeStmt", "CREATE TYPE"},
    {"CreateSeqStmt", "CREATE SEQUENCE"},
    {"CreateExtensionStmt", "CREATE EXTENSION"},
    {"CreateSchemaStmt", "CREATE SCHEMA"},
    {"CreateFunctionStmt", "CREATE FUNCTION"},
    {"CreateRoleStmt", "CREATE ROLE"},
    {"AlterRoleStmt", "ALTER ROLE"},
    {"AlterRoleSetStmt", "ALTER ROLE"},
    {"AlterDatabaseSetStmt", "ALTER DATABASE"},
    {"AlterDatabaseStmt", "ALTER DATABASE"},
    {"DropRoleStmt", "DROP ROLE"},
    {"GrantRoleStmt", "GRANT ROLE"},
    {"AlterDefaultPrivilegesStmt", "ALTER DEFAULT PRIVILEGES"},
    {"VariableSetStmt", "SET"},
    {"VariableShowStmt", "SHOW"},
    {"CreateCastStmt", "CREATE CAST"},
    {"CreateConversionStmt", "CREATE CONVERSION"},
    {"CreateOpClassStmt", "CREATE OPERATOR CLASS"},
    {"CreateOpFamilyStmt", "CREATE OPERATOR FAMILY"},
    {"CreatePLangStmt", "CREATE LANGUAGE"},
    {"CreateFdwStmt", "CREATE FOREIGN DATA WRAPPER"},
    {"CreateForeignServerStmt", "CREATE SERVER"},
    {"CreateUserMappingStmt", "CREATE USER MAPPING"},
    {"CreateForeignTableStmt", "CREATE FOREIGN TABLE"},
    {"CreateEventTrigStmt", "CREATE EVENT TRIGGER"},
    {"CreateAmStmt", "CREATE ACCESS METHOD"},
    {"NotifyStmt", "NOTIFY"},
    {"ListenStmt", "LISTEN"},
    {"UnlistenStmt", "UNLISTEN"},
    {"DiscardStmt", "DISCARD"},
    {"CheckPointStmt", "CHECKPOINT"},
    {"ConstraintsSetStmt", "SET CONSTRAINTS"},
    {"AlterExtensionContentsStmt", "ALTER EXTENSION"},
    {"AlterFunctionStmt", "ALTER FUNCTION"},
    {"PrepareStmt", "PREPARE"},
    {"DeallocateStmt", "DEALLOCATE"},
    {"AlterSystemStmt", "ALTER SYSTEM"},
    {"DeclareCursorStmt", "DECLARE CURSOR"},
    {"ClosePortalStmt", "CLOSE CURSOR"},
    {"CreateTransformStmt", "CREATE TRANSFORM"},
}};

}  // namespace

std::string object_word(std::string_view object) {
  for (const auto& [name, word] : kObjects) {
    if (object == name) return std::string(word);
  }
  return "";
}

std::string tag_of_harmless(std::string_view kind) {
  for (const auto& [name, tag] : kHarmless) {
    if (kind == name) return std::string(tag);
  }
  return "";
}

}  // namespace drift::pending
