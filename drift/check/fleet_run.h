// What a run over several targets is made of: they are checked and stored first, and told of once
// all are.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <vector>

#include "drift/check/check.h"
#include "drift/check/delivery.h"
#include "drift/check/history.h"
#include "drift/report/fleet_alert.h"

namespace drift::check {

// As configured: a run that cannot read the repository must find the same memory.
report::Place place_of(const Target& target);

// What follows from a target and what was before it.
Outcome concluded(CheckedTarget checked, const Target& target, const History& past,
                  const Settings& settings, const Run& run);

// What is known of a run once all of its targets were stored.
report::FleetAlert facts_of(const Settings& settings, const Run& run, const RunEnd& end);

struct Kept {
  std::vector<Delivery::News> news;         // of those who have something to say
  std::vector<std::size_t> target_of_news;  // its place in the settings
  std::exception_ptr unread;                // what `on_outcome` threw first
};

// Checks several targets and stores each, which begins `delivery`; nobody is told anything. `end`
// gets their statuses and measures. A dry run stores nothing.
Kept check_and_keep(const Settings& settings, const Run& run, Delivery& delivery, RunEnd& end,
                    const std::function<void(const Outcome&)>& on_outcome);

}  // namespace drift::check
