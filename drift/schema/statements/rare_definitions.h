// What makes the things that few schemas have. Nothing where a snapshot does not hold all of it, or
// a name in it is written so that it cannot be taken apart with certainty.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/schema/object.h"

namespace drift::schema {

// `or_replace`: in the place of one with the same arguments and result.
std::optional<std::string> create_aggregate(const Object& aggregate, bool or_replace);
std::optional<std::string> create_cast(const Object& cast);
// `version` of the side that it is from: of an ICU collation of PostgreSQL 16 and later a snapshot
// does not hold the rules.
std::optional<std::string> create_collation(const Object& collation, int version);
std::optional<std::string> create_conversion(const Object& conversion);
std::optional<std::string> create_operator(const Object& made);
std::optional<std::string> create_operator_class(const Object& made);
// One whose members are those of its classes.
std::optional<std::string> create_operator_family(const Object& family);
std::optional<std::string> create_dictionary(const Object& dictionary);
// With its mappings, a statement each.
std::optional<std::vector<std::string>> create_configuration(const Object& configuration);

// From the mappings of one configuration to those of another, and from options to options.
std::optional<std::vector<std::string>> mapping_changes(const Object& should, const Object& is);
std::optional<std::string> dictionary_options(const Object& should, const Object& is);

}  // namespace drift::schema
