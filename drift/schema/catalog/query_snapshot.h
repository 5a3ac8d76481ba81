// A snapshot through a SQL API that gives none: one query at a time, each in a transaction of its
// own, answered whole or not at all.
#pragma once

#include <string>

#include "drift/production/version_table.h"
#include "drift/schema/catalog/catalog_reader.h"

namespace drift {
class Stop;
}
namespace drift::sql {
class SqlSource;
}

namespace drift::schema {

// Reads as read_catalog does, in plain SELECTs of one row and one column, so that no limit on rows
// can cut an answer off unseen; large kinds in several. Each sets what a deparser asks for itself
// (search_path and the like) before it runs the question, and its answer tells that this held. The
// catalog is looked at before and after, and read again where it moved. A kind whose question is
// refused, or whose answer is too large, is `not checked` and says why.
//
// Throws Error{kUnsupported} where no kind can be read, or the server is older than PostgreSQL 13;
// Error{kSqlFailed} as read_catalog; and what SqlSource::query throws but kSqlApiFailed.
Catalog read_catalog_by_queries(sql::SqlSource& source, const production::VersionTableName& name,
                                const Stop& stop);

// The question as that one row gives it, with rows of the part `part` of `parts`, as JSON in XML.
// Pure.
std::string wrapped_question(const std::string& sql, std::size_t part, std::size_t parts);

// The JSON in such an answer; "" where it is none. Pure.
std::string unwrapped_answer(const std::string& xml);

}  // namespace drift::schema
