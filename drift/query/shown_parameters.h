// A statement with what stands for its placeholders, for a person who is asked about it.
#pragma once

#include <string>
#include <vector>

#include "drift/query/door.h"

namespace drift::query {

// `statement`, and below it a line "$1 = VALUE" for each of `params`, whole: who confirms a change
// must see what it is made with.
std::string with_parameters(const std::string& statement, const std::vector<std::string>& params);

// A change as it was written, or, where values stand for something in it, as it is sent with them.
std::string shown_to_confirm(const Request& request);

}  // namespace drift::query
