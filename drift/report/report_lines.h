// The parts of a report as lines for people: a label of twelve columns, then the text. Text from
// repositories, databases and servers is made printable.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "drift/report/report.h"

namespace drift::report {

// How much of what others wrote is shown. What is left out stands in the JSON report, and the lines
// say so.
struct Bounds {
  std::size_t findings;  // how many
  std::size_t message;   // bytes of a finding's or a failure's message, and of what to do about it
  std::size_t all;  // bytes of all messages, or of all that is to be done, before no more follow
  std::size_t warnings;  // how many
};
// Of a mail: the whole message of any failure, and far less than the 256 KiB that SNS takes.
inline constexpr Bounds kMailBounds{25, 16 * 1024, 32 * 1024, 20};
// Of a terminal, where nothing comes after it: statements of findings are to be copied whole.
inline constexpr Bounds kTerminalBounds{1'000, 1 << 20, 16 << 20, 1'000};

// "3 revisions are pending", "cannot tell: connection refused".
std::string headline(const Report& report);

std::string upper_status(const Report& report);

// Nothing where `value` is empty.
void add_line(std::string& text, std::string_view label, std::string_view value);

// Repository and production, the heads and what is applied.
void add_sides(std::string& text, const Report& report);

// "first seen": since when reports have seen the drift, or that it cannot be told. Nothing where
// this run is the first that did, or where a clock must have been wrong.
void add_first_seen(std::string& text, const Report& report);

// "oldest": the commit that brought the oldest revision which is known to be pending. That is no
// time since when production lags: a commit may be older than its merge.
void add_oldest_pending(std::string& text, const Report& report);

void add_pending(std::string& text, const Report& report);

// What differs, or the whole failure with its kind; without what to do about it.
void add_differences(std::string& text, const Report& report, const Bounds& bounds);

// What to do about that, in the same order.
void add_actions(std::string& text, const Report& report, const Bounds& bounds);

// Each finding with what to do about it, then what to do about a failure.
void add_findings(std::string& text, const Report& report, const Bounds& bounds);

void add_warnings(std::string& text, const Report& report, const Bounds& bounds);

// Since when reports have seen what this one says; nothing where it is the first.
std::optional<TimePoint> first_seen(const Report& report);

}  // namespace drift::report
