#include "drift/schema/normalise.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "drift/aws/digest.h"
#include "drift/base/text.h"

namespace drift::schema {
namespace {

struct Right {
  char letter;
  std::string_view word;
};
// https://www.postgresql.org/docs/18/ddl-priv.html#PRIVILEGE-ABBREVS-TABLE
constexpr std::array<Right, 16> kRights = {{{'r', "SELECT"},
                                            {'a', "INSERT"},
                                            {'w', "UPDATE"},
                                            {'d', "DELETE"},
                                            {'D', "TRUNCATE"},
                                            {'x', "REFERENCES"},
                                            {'t', "TRIGGER"},
                                            {'m', "MAINTAIN"},
                                            {'X', "EXECUTE"},
                                            {'U', "USAGE"},
                                            {'C', "CREATE"},
                                            {'c', "CONNECT"},
                                            {'T', "TEMPORARY"},
                                            {'s', "SET"},
                                            {'A', "ALTER SYSTEM"},
                                            {'L', "LOAD"}}};

// By role ("" is PUBLIC), the letters it has; true with grant option.
using Grants = std::map<std::string, std::map<char, bool>>;

// "app=ar*w/owner"; a role that is not plain stands in quotation marks.
void add_item(std::string_view item, Grants& grants) {
  std::string role;
  std::size_t at = 0;
  if (item.starts_with('"')) {
    for (at = 1; at < item.size(); ++at) {
      if (item[at] == '"') {
        if (at + 1 >= item.size() || item[at + 1] != '"') break;
        ++at;
      }
      role += item[at];
    }
    ++at;
  } else {
    at = std::min(item.find('='), item.size());
    role = item.substr(0, at);
  }
  std::map<char, bool>& letters = grants[role];
  for (++at; at < item.size() && item[at] != '/'; ++at) {
    const bool grantable = at + 1 < item.size() && item[at + 1] == '*';
    letters[item[at]] = letters[item[at]] || grantable;
    if (grantable) ++at;
  }
}

Grants grants_of(std::string_view acl) {
  Grants grants;
  for (const std::string& item : array_elements(acl)) add_item(item, grants);
  return grants;
}

std::string words_of(const std::map<char, bool>& letters, const std::map<char, bool>& all) {
  if (letters.empty()) return "none";
  if (!all.empty() && letters == all) return "ALL";
  std::string words;
  for (const Right& right : kRights) {
    const auto found = letters.find(right.letter);
    if (found == letters.end()) continue;
    if (!words.empty()) words += ", ";
    words += right.word;
    if (found->second) words += '*';
  }
  return words;
}

// Behind a '...' literal or a "..." name that begins at `at`.
std::size_t behind_quotes(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (++at; at < text.size(); ++at) {
    if (text[at] != quote) continue;
    if (at + 1 >= text.size() || text[at + 1] != quote) return at + 1;
    ++at;
  }
  return at;
}

// The offset of the bracket that closes the one at `open`, and where the commas between are.
std::optional<std::size_t> closing(std::string_view text, std::size_t open,
                                   std::vector<std::size_t>* commas = nullptr) {
  int depth = 0;
  for (std::size_t at = open; at < text.size();) {
    const char c = text[at];
    if (c == '\'' || c == '"') {
      at = behind_quotes(text, at);
      continue;
    }
    if (c == '(' || c == '[') ++depth;
    if ((c == ')' || c == ']') && --depth == 0) return at;
    if (c == ',' && depth == 1 && commas != nullptr) commas->push_back(at);
    ++at;
  }
  return {};
}

}  // namespace

std::vector<std::string> array_elements(std::string_view text) {
  std::vector<std::string> elements;
  if (text.size() < 2 || text.front() != '{') return elements;
  text = text.substr(1, text.size() - 2);
  if (text.empty()) return elements;
  std::string element;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\\' && at + 1 < text.size()) {
      element += text[++at];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      elements.push_back(std::move(element));
      element.clear();
    } else {
      element += c;
    }
  }
  elements.push_back(std::move(element));
  return elements;
}

std::vector<Property> privileges(std::string_view acl, std::string_view by_default,
                                 std::string_view owner) {
  Grants given = grants_of(acl);
  Grants usual = grants_of(by_default);
  std::map<char, bool> all;
  if (const auto found = usual.find(std::string(owner)); found != usual.end()) all = found->second;
  std::vector<Property> properties;
  const auto note = [&](const std::string& role, const std::map<char, bool>& letters) {
    const std::string who = role.empty()                                ? "PUBLIC"
                            : role == owner                             ? "@owner"
                            : role == "PUBLIC" || role.starts_with('@') ? '"' + role + '"'
                                                                        : role;
    properties.push_back({Facet::kPrivilege, "privileges of " + who, words_of(letters, all)});
  };
  for (const auto& [role, letters] : given) {
    const auto found = usual.find(role);
    if (found == usual.end() || found->second != letters) note(role, letters);
  }
  for (const auto& [role, letters] : usual) {
    if (given.count(role) == 0) note(role, {});
  }
  std::sort(properties.begin(), properties.end(),
            [](const Property& a, const Property& b) { return a.name < b.name; });
  return properties;
}

std::map<std::string, bool> rights_named(std::string_view value) {
  std::map<std::string, bool> rights;
  if (value == "none") return rights;
  for (const std::string_view piece : split(value, ',')) {
    std::string right(trimmed(piece));
    const bool grantable = right.ends_with('*');
    if (grantable) right.pop_back();
    rights[std::move(right)] = grantable;
  }
  return rights;
}

std::string pushed_casts(std::string_view expression) {
  constexpr std::string_view kArray = "(ARRAY[";
  std::string result;
  for (std::size_t at = 0; at < expression.size();) {
    if (expression[at] == '\'' || expression[at] == '"') {
      const std::size_t end = behind_quotes(expression, at);
      result += expression.substr(at, end - at);
      at = end;
      continue;
    }
    if (!expression.substr(at).starts_with(kArray)) {
      result += expression[at++];
      continue;
    }
    const std::size_t bracket = at + kArray.size() - 1;
    std::vector<std::size_t> ends;
    const auto close = closing(expression, bracket, &ends);
    const bool is_cast = close && expression.substr(*close + 1).starts_with(")::");
    // The type is spelled with letters, blanks, dots, digits, quotes and a length in brackets.
    const std::size_t type = is_cast ? *close + 4 : 0;
    const std::size_t brackets = is_cast ? expression.find("[]", type) : std::string_view::npos;
    if (brackets == std::string_view::npos ||
        expression.substr(type, brackets - type).find_first_of("='<>[]:+*/") !=
            std::string_view::npos) {
      result += expression[at++];
      continue;
    }
    const std::string element_type(expression.substr(type, brackets - type));
    ends.push_back(*close);
    result += "ARRAY[";
    std::size_t begin = bracket + 1;
    for (const std::size_t end : ends) {
      if (begin != bracket + 1) result += ", ";
      const std::string element = pushed_casts(trimmed(expression.substr(begin, end - begin)));
      result += '(' + element + ")::" + element_type;
      begin = end + 1;
    }
    result += ']';
    at = brackets + 2;
    // `ANY ((ARRAY[...])::text[])` has a pair of brackets that `ANY (ARRAY[...])` has not, and they
    // go with the cast: what is left is the pair that ANY itself wants.
  }
  return result;
}

std::string sorted_statistics(std::string_view definition) {
  constexpr std::string_view kOn = " ON ", kFrom = " FROM ";
  std::vector<std::string> parts;
  std::size_t begin = std::string_view::npos, part = 0, end = std::string_view::npos;
  int depth = 0;
  char quote = 0;
  for (std::size_t i = 0; i < definition.size() && end == std::string_view::npos; ++i) {
    const char c = definition[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '(' || c == ')') {
      depth += c == '(' ? 1 : -1;
    } else if (depth == 0 && begin == std::string_view::npos) {
      if (definition.substr(i).starts_with(kOn)) part = begin = i + kOn.size();
    } else if (depth == 0 && i >= part) {
      const bool last = definition.substr(i).starts_with(kFrom);
      if (!last && c != ',') continue;
      parts.emplace_back(definition.substr(part, i - part));
      part = i + 2;
      if (last) end = i;
    }
  }
  if (end == std::string_view::npos) return std::string(definition);
  std::sort(parts.begin(), parts.end());
  return std::string(definition.substr(0, begin)) + joined(parts) +
         std::string(definition.substr(end));
}

std::string locale_spelling(std::string_view locale) {
  const std::size_t dot = locale.find('.');
  if (dot == std::string_view::npos) return std::string(locale);
  std::string spelling(locale.substr(0, dot + 1));
  for (const char c : locale.substr(dot + 1)) {
    if (c != '-') spelling += ascii_lower(c);
  }
  return spelling;
}

std::string hidden_options(std::string_view options, std::string_view salt) {
  std::vector<std::string> hidden;
  for (const std::string& option : array_elements(options)) {
    const std::size_t equals = std::min(option.find('='), option.size());
    const std::string digest =
        aws::sha256_hex(fmt::format("schema-drift option\n{}\n{}", salt, option));
    hidden.push_back(fmt::format("{}=#{}", option.substr(0, equals), digest.substr(0, 4)));
  }
  std::sort(hidden.begin(), hidden.end());
  return joined(hidden);
}

}  // namespace drift::schema
