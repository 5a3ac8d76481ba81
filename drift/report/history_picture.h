// The pictures of a history, as SVG to stand in a page. Colours are classes of the page's style.
#pragma once

#include <string>
#include <string_view>

#include "drift/report/target_history.h"

namespace drift::report {

// `text` for an element or a quoted attribute. Control characters are shown as printable() does.
std::string html_escaped(std::string_view text);

// "synced", "drift", "broken", "error" or "gap": what a status is coloured as.
std::string_view colour_class(std::string_view status);

// The verdicts along a line of time, one bar for each stretch, with the days below.
std::string timeline_picture(const TargetHistory& history, const Period& period);

// How long each run took, a bar each at its time; "" for less than two runs.
std::string duration_picture(const TargetHistory& history, const Period& period);

}  // namespace drift::report
