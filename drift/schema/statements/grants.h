// Privileges, owners and comments in SQL.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drift/schema/object.h"

namespace drift::schema {

// What turns the privileges that a property of the live side has into those that it should have
// ("" for the default, "ALL", "none", or words, each perhaps with * for grant option). `object` is
// the one of the live side, or of the expected one where it is made anew; nothing where no such
// statement can be written. `version`: of the live server.
std::vector<std::string> privilege_statements(const Object& object, std::string_view property,
                                              std::string_view expected, std::string_view live,
                                              int version);

// COMMENT ON …; "" where there is none to write.
std::string comment_statement(const Object& object, std::string_view comment);

}  // namespace drift::schema
