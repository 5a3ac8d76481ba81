// What \d NAME shows of a table.
#pragma once

#include <string>

namespace drift {
class Stop;
}
namespace drift::query {
struct Asking;
}

namespace drift::shell {

// Its columns, and below them its indexes, its constraints and what refers to it. Throws as
// query::ask_and_print.
void describe_table(const query::Asking& asking, const std::string& name, const Stop& stop);

}  // namespace drift::shell
