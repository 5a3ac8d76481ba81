// The pictures of a history, as HTML to stand in a page. Colours are classes of the page's style.
#pragma once

#include <string>
#include <string_view>

#include "drift/report/target_history.h"

namespace drift::report {

// "synced", "drift", "broken", "error" or "gap": what a status is coloured as.
std::string_view colour_class(std::string_view status);

// What the colours and heights of a timeline mean.
std::string timeline_key();

// The verdicts along a line of time, one bar for as long as a status held, with the days below. The
// worse a status, the higher its bar: it can be told without colours.
std::string timeline_picture(const TargetHistory& history, const Period& period);

// "half of the runs took up to 640 ms, the longest 1.4 s"; "" for less than two runs.
std::string durations_text(const TargetHistory& history);

// How long each run took, a line each at its time; "" for less than two runs.
std::string duration_picture(const TargetHistory& history, const Period& period);

}  // namespace drift::report
