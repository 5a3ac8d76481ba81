// How a piece of a file is shown in a message.
#pragma once

#include <string>
#include <string_view>

namespace drift::migrations {

// One line that is safe to print (drift/base/printable.h), cut where it is long.
std::string shortened(std::string_view text);

// The same between single quotes.
std::string quoted(std::string_view text);

}  // namespace drift::migrations
