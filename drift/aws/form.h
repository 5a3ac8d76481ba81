// The body of the query protocol: an HTML form.
// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace drift::aws {

struct Call;

using Form = std::vector<std::pair<std::string, std::string>>;

// POST / with the pairs, encoded, in this order.
void set_form(Call& call, const Form& form);

}  // namespace drift::aws
