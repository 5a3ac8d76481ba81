// The statements that would bring a live schema to the expected one. Nobody here runs them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drift/pending/known_catalog.h"
#include "drift/schema/comparison.h"
#include "drift/schema/snapshot.h"

namespace drift::schema {

// What brings one thing, or one property of it, to what it should be.
struct Step {
  int phase = 0;    // of Phase: smaller ones are run first
  std::string key;  // what two findings need once: "index app.t.i"; "" for nothing such
  std::vector<std::string> sql;  // one after another, without semicolons; none: see `why_not`
  bool atomic = false;           // all of them in one transaction
  // Takes away what is not to be had back from the expected side, or may change values: what.
  std::string removes;
  std::vector<std::string> notes;
  std::string why_not;             // why there is no statement
  bool follows = false;            // there is none because another one brings it along
  std::vector<std::string> about;  // the findings, a sentence each
};

struct Script {
  std::vector<Step> steps;      // in an order that works
  std::size_t certain = 0;      // findings that have statements
  std::size_t following = 0;    // findings that other statements bring along
  std::size_t without = 0;      // findings that have none
  std::size_t not_failing = 0;  // findings that were left out
  pending::KnownCatalog live;   // by which the locks are told
};

// A pure function. Statements for each finding that fails, and for no other; what is made anew
// comes with all that belongs to it. Requires the snapshots that were compared.
Script script_of(const Comparison& comparison, const Snapshot& expected, const Snapshot& live);

// The script as a file for psql: each step below what it is about and the locks that it takes by
// the rules of drift/pending. What takes something away stands commented out, each line behind
// "--! "; what has no statement is said with its reason.
std::string script_text(const Script& script, std::string_view expected, std::string_view live,
                        int server_version_num);

}  // namespace drift::schema
