// Which way leads to a database whose secret names a host that perhaps only the SQL API's function
// can reach.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drift/sql/database.h"
#include "drift/sql/sql_source.h"

namespace drift::sql {

struct Way {
  // As they were given, or with the function as their location.
  DatabaseSettings settings;
  std::optional<OpenConnection> connection;  // nothing where a function is to be asked
};

// A connection, unless the location is a function. Where the server cannot be reached and
// `function_instead` names a function, that is asked which database it reads: the way is the
// function only where it says that it is the secret's, by its name on a server with the address
// that the secret's host has here; a remark says so. Where that cannot be told, the connection's
// own error is thrown, with a hint that names the variable to set. Throws as open_connection.
Way find_way(const DatabaseSettings& settings, const aws::SessionSource& session, const Stop& stop,
             const Log& log);

// ------------------------------------------------------------
// What it is made of.

// Whether an error of connecting leaves it open that others can: nothing that the server said about
// us, and nothing about TLS.
bool is_out_of_reach(const Error& error);

// What to do where the server cannot be reached. `tried`: what became of asking the usual function,
// "" where it was not asked.
std::string function_hint(const std::string& tried);

// The question: one row of the database's name and the server's address. Catalog functions alone.
extern const char* const kWhichDatabase;

// Why `answer` does not show that the database is `dbname` on a server with one of `addresses`;
// "" where it does. Completes "it ...".
std::string why_another(const ResultSet& answer, const std::string& dbname,
                        const std::vector<std::string>& addresses);

}  // namespace drift::sql
