// Production's side of one target.
#pragma once

#include "drift/check/check.h"
#include "drift/doctor/outcome.h"

namespace drift::doctor {

// The rows database, version_table and database_rights. What the nightly run reads is read in the
// same way; one statement more asks the catalog about the session.
Outcomes examine_database(const check::Target& target, const check::Run& run, const Stop& stop);

}  // namespace drift::doctor
