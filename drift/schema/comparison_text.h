// A comparison for a person and for a program.
#pragma once

#include <string>

#include "drift/schema/comparison.h"
#include "drift/schema/snapshot.h"

namespace drift::schema {

// One of the two sides, and where it came from: a file's name, "app on db.example.com:5432".
struct NamedSide {
  std::string source;
  Header header;
  std::string root;
};

// {"format":1,"expected":{...},"live":{...},"findings":[...],"coverage":{...}} as docs/schema.md
// has it, in two spaces' indentation.
std::string comparison_json(const Comparison& comparison, const NamedSide& expected,
                            const NamedSide& live);

std::string comparison_text(const Comparison& comparison, const NamedSide& expected,
                            const NamedSide& live);

// "PostgreSQL 15.4, version 'c3'": what a side was when it was read.
std::string facts_of(const NamedSide& side);

// "drift: 3 differences", "no drift", or "no drift in what was compared".
std::string verdict_of(const Comparison& comparison);

// "column app.users.born: type is text, expected date".
std::string sentence_of(const Finding& finding);

// One finding as it stands there, compact.
std::string finding_json(const Finding& finding);

// "missing column app.users.born"; "changed column app.users.email: type is text, expected
// character varying(80)".
std::string finding_sentence(const Finding& finding);

// "column app.users.email type": what differs, not how.
std::string finding_subject(const Finding& finding);

// 1 where a difference fails; else 2 where something was not compared that should have been, else
// 0. That views of two major versions were not compared is said, and does not count.
int exit_code(const Comparison& comparison);

}  // namespace drift::schema
