// The answer of `schema diff` in the forms that all findings have.
#pragma once

#include <string>

#include "drift/report/formats/output.h"
#include "drift/schema/comparison.h"
#include "drift/schema/comparison_text.h"

namespace drift::cli {

// `file`: where the expected side is kept, relative to the repository's root; "" where it is not.
report::Output schema_output(const schema::Comparison& comparison,
                             const schema::NamedSide& expected, const schema::NamedSide& live,
                             const std::string& file);

}  // namespace drift::cli
