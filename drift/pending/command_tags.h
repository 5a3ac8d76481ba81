// Command tags of statements: https://www.postgresql.org/docs/current/protocol-message-formats.html
// and src/include/tcop/cmdtaglist.h.
#pragma once

#include <string>
#include <string_view>

namespace drift::pending {

// "MATERIALIZED VIEW" of "OBJECT_MATVIEW"; "" for what is not known.
std::string object_word(std::string_view object);

// The tag of a statement that changes no table that anybody waits for, by the name of its node:
// "CREATE TYPE" of "CreateEnumStmt". "" for any other.
std::string tag_of_harmless(std::string_view kind);

}  // namespace drift::pending
