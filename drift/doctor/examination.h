// All checks of the doctor, in the order of a run.
#pragma once

#include <string>

#include "drift/check/check.h"
#include "drift/doctor/outcome.h"

namespace drift::doctor {

struct Examination {
  bool write_test = false;  // --write-test
  bool in_lambda = false;   // Lambda renews the keys in the environment
};

// Who we are in AWS is asked first, then everything else at once, eight at a time. Whatever does
// not answer within its share of the run's time is a row that says so; never throws an Error but
// kInterrupted. `settings` as for check::run.
Outcomes examine(const check::Settings& settings, const check::Run& run,
                 const Examination& examination);

}  // namespace drift::doctor
