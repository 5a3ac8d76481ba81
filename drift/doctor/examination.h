// All checks of the doctor, in the order of a run.
#pragma once

#include <string>

#include "drift/check/check.h"
#include "drift/doctor/outcome.h"

namespace drift::doctor {

struct Examination {
  bool write_test = false;  // --write-test
  // The Lambda function of the nightly run, by name or ARN: Lambda renews the keys in its
  // environment, and rules and alarms are looked for. "" where it is none, or not known.
  std::string function;
};

// Who we are in AWS is asked first, then everything else at once, eight at a time. Whatever does
// not answer within its share of the run's time is a row that says so; never throws an Error but
// kInterrupted. `settings` as for check::run.
Outcomes examine(const check::Settings& settings, const check::Run& run,
                 const Examination& examination);

// Whether a night's drift would reach nobody: none of --alerts leads to a person, or what starts
// the run is switched off. What could not be looked at counts as if it did.
bool nobody_is_told(const Outcomes& outcomes, const check::Settings& settings);

}  // namespace drift::doctor
