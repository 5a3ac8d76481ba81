// Which options a person needs day by day: what `--help` lists, a line each. `--help-all` lists
// every one.
#pragma once

#include <string_view>

#include "drift/config/options.h"

namespace drift::config {

// What the option takes or does, on one line of at most kLongestBrief characters; "" where it is
// none of these.
std::string_view brief(const OptionSpec& spec);

constexpr std::size_t kLongestBrief = 66;

}  // namespace drift::config
