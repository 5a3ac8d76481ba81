// schema-drift(1), made from the tables of commands and options.
#pragma once

#include <string>

namespace drift::cli {

// In the macros of man(7), https://man7.org/linux/man-pages/man7/man.7.html. Ends with a newline.
std::string manual_page();

}  // namespace drift::cli
