// SQL as it is written in Python, with its parameters as PostgreSQL's grammar has them.
#pragma once

#include <string>

namespace drift::pending {

// https://docs.sqlalchemy.org/en/20/core/sqlelement.html#sqlalchemy.sql.expression.text: ":name" is
// a parameter and "\:" a colon.
std::string without_parameters(const std::string& sql);

// %s and %(name)s, as psycopg has them where it is given values.
std::string without_driver_parameters(const std::string& sql);

}  // namespace drift::pending
