// What a snapshot tells of tables, as the rules about locks need it. Private to this folder.
#pragma once

#include <string>

#include "drift/pending/known_catalog.h"
#include "drift/schema/comparison.h"
#include "drift/schema/snapshot.h"
#include "drift/schema/statements/steps.h"

namespace drift::schema {

// Columns, indexes and CHECK (column IS NOT NULL) of the tables that failing findings are about,
// and all foreign keys. Tables have their schema before them, "app.orders", and the name that they
// have once renamed ones are.
pending::KnownCatalog live_catalog(const Comparison& comparison, const Snapshot& live,
                                   const Sides& sides);

}  // namespace drift::schema
