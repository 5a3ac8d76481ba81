// A folder of this machine that the nightly run writes to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "drift/base/trusted_folder.h"
#include "drift/doctor/outcome.h"

namespace drift::doctor {

struct Space {
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;  // names that can still be made; what some file systems do not count: 1
};

// Ok where this user may make files in `folder`, or may make the folder itself, the run would trust
// it (drift/base/trusted_folder.h) and there is room.
// Nothing is written. `hint` is what to do where it may not.
Outcome examine_folder(std::string check, const std::filesystem::path& folder,
                       TrustedFolder::Kind kind, const std::string& hint);

// The same for room alone: "" where there is enough, else what is wrong. Below kLittleSpace.
std::string space_problem(const Space& space);

inline constexpr std::uint64_t kLittleSpace = 100U << 20U;

}  // namespace drift::doctor
