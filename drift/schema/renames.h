// What is there under another name.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "drift/schema/object.h"

namespace drift::schema {

struct Rename {
  Object from, to;
};

// What only the expected side has and what only the live side has, as far as both are the same but
// for the name: of the same kind, in the same schema and on the same table, equal in structure, and
// alone with that on both sides. Of a table its columns must be equal, too. Partitions' indexes
// have names that nobody chose, and are found as well.
//
// The objects of `expected` are then called as those of `live`, with everything that belongs to
// them, so that the two can be compared; `names` gets the old names and the new ones.
std::vector<Rename> find_renames(std::vector<Object>& expected, const std::vector<Object>& live,
                                 std::map<std::string, std::string>& names);

}  // namespace drift::schema
