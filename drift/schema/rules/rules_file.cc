#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/schema/rules/rules.h"

namespace drift::schema {
namespace {

constexpr std::size_t kMostBytes = 1U << 20U;

class Reader {
 public:
  explicit Reader(const std::string& name) : name_(printable(name)) {}

  Rules read(std::string_view text);

 private:
  [[noreturn]] void refuse(const toml::node& node, const std::string& what,
                           const std::string& hint) const {
    throw Error{Fault::kConfiguration, fmt::format("{}: {}", place(node), what), hint};
  }
  std::string place(const toml::node& node) const {
    return fmt::format("{}:{}", name_, node.source().begin.line);
  }
  void only(const toml::table& table, const std::vector<std::string>& known,
            std::string_view what) const;
  std::string text(const toml::table& table, std::string_view key) const;
  std::vector<std::string> texts(const toml::table& table, std::string_view key) const;
  std::string reason(const toml::table& table, std::string_view what) const;
  std::optional<TimePoint> until(const toml::table& table) const;
  std::string choice(const toml::table& table, std::string_view key,
                     const std::vector<std::string>& words) const;
  Rule rule(const toml::table& table, Action action, std::string_view section) const;
  Rule parts(const toml::table& table) const;
  RoleRights role(const toml::table& table) const;
  Right right(const toml::table& table, const std::string& written) const;

  std::string name_;
};

void Reader::only(const toml::table& table, const std::vector<std::string>& known,
                  std::string_view what) const {
  for (const auto& [key, node] : table) {
    const std::string word(key.str());
    if (std::find(known.begin(), known.end(), word) != known.end()) continue;
    const std::string near = nearest(word, known);
    refuse(node, fmt::format("unknown key {} in {}", quoted(word), what),
           near.empty() ? fmt::format("it has {}", joined(known))
                        : fmt::format("did you mean {}?", quoted(near)));
  }
}

std::string Reader::text(const toml::table& table, std::string_view key) const {
  const toml::node* node = table.get(key);
  if (node == nullptr) return {};
  if (!node->is_string()) refuse(*node, fmt::format("{} is not text", key), "put it in quotes");
  return node->as_string()->get();
}

std::vector<std::string> Reader::texts(const toml::table& table, std::string_view key) const {
  const toml::node* node = table.get(key);
  if (node == nullptr) return {};
  if (node->is_string()) return {node->as_string()->get()};
  std::vector<std::string> all;
  if (const toml::array* array = node->as_array()) {
    for (const toml::node& element : *array) {
      if (!element.is_string()) break;
      all.push_back(element.as_string()->get());
    }
    if (all.size() == array->size()) return all;
  }
  refuse(*node, fmt::format("{} is neither text nor a list of texts", key),
         fmt::format("write {0} = \"…\" or {0} = [\"…\", \"…\"]", key));
}

std::string Reader::reason(const toml::table& table, std::string_view what) const {
  std::string why = text(table, "reason");
  if (std::string(trimmed(why)).empty()) {
    refuse(table, fmt::format("{} has no reason", what),
           "add reason = \"…\": whoever reads it in a year wants to know");
  }
  return why;
}

std::optional<TimePoint> Reader::until(const toml::table& table) const {
  const toml::node* node = table.get("until");
  if (node == nullptr) return {};
  std::string written;
  if (const auto* date = node->as_date()) {
    written =
        fmt::format("{:04}-{:02}-{:02}", date->get().year, date->get().month, date->get().day);
  } else if (node->is_string()) {
    written = node->as_string()->get();
  }
  // A distance would end anew with every run.
  const auto time = written.size() < 10 ? std::nullopt : time_of(written, TimePoint{}, true);
  if (!time) refuse(*node, "until is not a date", "write until = 2026-12-31");
  return time;
}

std::string Reader::choice(const toml::table& table, std::string_view key,
                           const std::vector<std::string>& words) const {
  std::string word = text(table, key);
  if (!word.empty() && std::find(words.begin(), words.end(), word) == words.end()) {
    refuse(*table.get(key), fmt::format("unknown {} {}", key, quoted(word)),
           "give " + joined(words));
  }
  return word;
}

Rule Reader::rule(const toml::table& table, Action action, std::string_view section) const {
  const std::string what = fmt::format("[[{}]]", section);
  only(table, {"kind", "name", "property", "facet", "state", "reason", "until"}, what);
  Rule rule;
  rule.action = action;
  rule.kinds = texts(table, "kind");
  rule.names = texts(table, "name");
  rule.property = text(table, "property");
  rule.facet = choice(table, "facet", {"structure", "privilege", "owner", "comment", "tuning"});
  rule.state = choice(table, "state", {"missing", "unexpected", "changed", "renamed"});
  if (rule.kinds.empty() && rule.names.empty() && rule.property.empty() && rule.facet.empty()) {
    refuse(table, fmt::format("{} matches every difference", what),
           "say which: kind = \"index\", name = \"app.orders.tmp_*\", property or facet");
  }
  rule.reason = reason(table, what);
  rule.until = until(table);
  rule.place = place(table);
  return rule;
}

Rule Reader::parts(const toml::table& table) const {
  only(table, {"of", "reason", "until"}, "[[parts]]");
  Rule rule;
  rule.action = Action::kParts;
  rule.of = text(table, "of");
  if (rule.of.empty()) {
    refuse(table, "[[parts]] does not say of which table", "add of = \"app.measurements\"");
  }
  rule.reason = reason(table, "[[parts]]");
  rule.until = until(table);
  rule.place = place(table);
  return rule;
}

constexpr std::array<std::string_view, 13> kPrivileges = {
    "SELECT",   "INSERT",  "UPDATE", "DELETE", "TRUNCATE", "REFERENCES",  "TRIGGER",
    "MAINTAIN", "EXECUTE", "USAGE",  "CREATE", "ALL",      "ALTER SYSTEM"};

// "SELECT on table app.*", "SELECT on default app.tables".
Right Reader::right(const toml::table& table, const std::string& written) const {
  const std::vector<std::string_view> words = split(written, ' ', 4);
  const auto known = [&](std::string_view word) {
    return std::find(kPrivileges.begin(), kPrivileges.end(), word) != kPrivileges.end();
  };
  static const std::vector<std::string> kKinds = {"table",    "column",   "schema",
                                                  "sequence", "function", "default"};
  const bool is_right = words.size() == 4 && known(words[0]) && words[1] == "on" &&
                        std::find(kKinds.begin(), kKinds.end(), words[2]) != kKinds.end() &&
                        !words[3].empty();
  if (!is_right) {
    refuse(*table.get("rights"), fmt::format("{} is not a right", quoted(written)),
           "write PRIVILEGE on KIND NAME: \"SELECT on table app.*\"; kinds are " + joined(kKinds));
  }
  return {std::string(words[0]), std::string(words[2]), std::string(words[3]), written};
}

RoleRights Reader::role(const toml::table& table) const {
  only(table, {"name", "rights", "exact", "reason", "until"}, "[[role]]");
  RoleRights role;
  role.role = text(table, "name");
  if (role.role.empty()) refuse(table, "[[role]] has no name", "add name = \"app_reader\"");
  if (table.get("rights") == nullptr) {
    refuse(table, "[[role]] has no rights",
           "add rights = [\"SELECT on table app.*\"], or rights = [] for none at all");
  }
  for (const std::string& written : texts(table, "rights")) {
    role.rights.push_back(right(table, written));
  }
  if (const toml::node* exact = table.get("exact")) {
    if (!exact->is_boolean()) refuse(*exact, "exact is neither true nor false", "");
    role.exact = exact->as_boolean()->get();
  }
  role.reason = reason(table, "[[role]]");
  role.until = until(table);
  role.place = place(table);
  return role;
}

Rules Reader::read(std::string_view text) {
  if (text.size() > kMostBytes) {
    throw Error{Fault::kConfiguration, fmt::format("{} is larger than 1 MiB: not rules", name_)};
  }
  toml::table document;
  try {
    document = toml::parse(text);
  } catch (const toml::parse_error& error) {
    throw Error{
        Fault::kConfiguration,
        fmt::format("{}:{}: {}", name_, error.source().begin.line, printable(error.description())),
        "the file is TOML: https://toml.io"};
  }
  only(document, {"ignore", "report", "fail", "parts", "role"}, "the file");
  std::vector<std::pair<std::uint32_t, Rule>> rules;
  constexpr std::array<std::pair<std::string_view, Action>, 4> kSections = {
      {{"ignore", Action::kIgnore},
       {"report", Action::kReport},
       {"fail", Action::kFail},
       {"parts", Action::kParts}}};
  const auto each = [&](std::string_view section, const auto& read) {
    const toml::node* node = document.get(section);
    if (node == nullptr) return;
    const toml::array* array = node->as_array();
    if (array == nullptr || !array->is_homogeneous(toml::node_type::table)) {
      refuse(*node, fmt::format("{} is not a list of tables", section),
             fmt::format("write [[{}]]", section));
    }
    for (const toml::node& entry : *array) read(*entry.as_table());
  };
  for (const auto& [section, action] : kSections) {
    each(section, [&, section = section, action = action](const toml::table& table) {
      rules.emplace_back(table.source().begin.line,
                         action == Action::kParts ? parts(table) : rule(table, action, section));
    });
  }
  Rules result;
  each("role", [&](const toml::table& table) { result.roles.push_back(role(table)); });
  // toml++ keeps each section's own order; of two sections the lines tell it.
  std::stable_sort(rules.begin(), rules.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [line, rule] : rules) result.rules.push_back(std::move(rule));
  return result;
}

}  // namespace

Rules read_rules(std::string_view text, const std::string& name) { return Reader(name).read(text); }

}  // namespace drift::schema
