// Who says to be asking.
#pragma once

#include <string>

namespace drift::cli {

// "user@host", as the machine knows them; a claim, for audit records and acknowledgements.
std::string user_at_host();

}  // namespace drift::cli
