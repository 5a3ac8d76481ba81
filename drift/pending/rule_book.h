// The rules by which an operation is more than low. docs/rules.md has a section for each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace drift::pending {

struct Rule {
  const char* id;     // "create-index"
  const char* title;  // "CREATE INDEX keeps writers out"
  const char* safe;   // what to write instead, in a few words; "" where nothing is known
};

// In the order of docs/rules.md.
const std::vector<Rule>& rule_book();

// Null for a name that is no rule.
const Rule* find_rule(std::string_view id);

// "docs/rules.md#create-index"
std::string rule_page(std::string_view id);

}  // namespace drift::pending
