// The repository's side of one target.
#pragma once

#include <string>

#include "drift/check/check.h"
#include "drift/doctor/outcome.h"

namespace drift::doctor {

// The rows repository and script_directory. `about` names the targets that read it.
Outcomes examine_codebase(const check::CodebaseSettings& settings, const std::string& about,
                          const check::Run& run, const Stop& stop);

}  // namespace drift::doctor
