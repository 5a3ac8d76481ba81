// What makes a thing, in SQL, from what a snapshot has of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/schema/object.h"
#include "drift/schema/statements/names.h"

namespace drift::schema {

// "born date COLLATE app.x DEFAULT now() NOT NULL"; with the options of an identity.
std::string column_definition(const Object& column, const Object* identity);

// CREATE TABLE with all columns that are not a parent's. Nothing for a foreign table, whose options
// nobody knows.
std::optional<std::string> create_table(const Object& table, const Known& known);

// `name`: another one than its own, "" for that.
std::string create_index(const Object& index, bool concurrently, const std::string& name = "");

// "INCREMENT BY 1 MINVALUE 5 …": every property, as it is or by its default. `type`: a sequence's
// AS comes first; an identity's is its column's.
std::string sequence_options(const Object& sequence);

std::optional<std::string> create_function(const Object& function);
std::string create_view(const Object& view, bool replace);
std::string create_policy(const Object& policy);
std::optional<std::string> create_event_trigger(const Object& trigger);

// "a=1, b=2" as "a = '1', b = '2'", without those of `but` that are the same there.
std::string options_to_set(std::string_view options, std::string_view but = "");
// The names of those in `options` that `kept` does not have.
std::string options_to_reset(std::string_view options, std::string_view kept);

}  // namespace drift::schema
