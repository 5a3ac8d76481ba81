// What the docstring of a migration tells people.
#pragma once

#include <string>
#include <string_view>

namespace drift::migrations {

// The parts of a docstring that reports show. Its "Revision ID" and "Revises" lines are left out on
// purpose: only the variables count, and the lines are often wrong.
struct DocstringFacts {
  // The first paragraph, as Alembic's `Script.doc` gives it: what stands before the first empty
  // line once white space is stripped from both ends. May hold several lines.
  std::string message;
  // The rest of the first "Create Date:" line, as written; empty where there is none.
  std::string create_date;
};

// `docstring` is UTF-8 with its escapes decoded, as ModuleVariables::docstring.
DocstringFacts read_docstring(std::string_view docstring);

}  // namespace drift::migrations
