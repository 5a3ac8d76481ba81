#include "drift/query/named_parameters.h"

#include <fmt/format.h>

#include <algorithm>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/sql_api/sql_tokens.h"

namespace drift::query {
namespace {

using sql_api::Token;
using sql_api::TokenKind;

// Of a name, in bytes, its colon included.
struct Place {
  std::size_t begin = 0, end = 0;
  std::string name;
};

std::vector<Place> places_of(std::string_view statement,
                             const std::map<std::string, std::string>& known) {
  std::vector<Token> tokens;
  try {
    tokens = sql_api::sql_tokens(statement);
  } catch (const Error&) {
    return {};  // whoever reads it as a statement says what is wrong
  }
  std::vector<Place> places;
  int brackets = 0;
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (tokens[i].kind == TokenKind::kParameter) return {};
    if (tokens[i].is_symbol("[")) ++brackets;
    if (tokens[i].is_symbol("]")) --brackets;
    const bool name = tokens[i].is_symbol(":") && tokens[i + 1].kind == TokenKind::kWord &&
                      tokens[i].end == tokens[i + 1].begin;
    const bool cast = i > 0 && tokens[i - 1].is_symbol(":") && tokens[i - 1].end == tokens[i].begin;
    if (!name || cast) continue;
    Place place{tokens[i].begin, tokens[i + 1].end, {}};
    place.name = statement.substr(place.begin + 1, place.end - place.begin - 1);
    if (brackets == 0 || known.count(place.name) > 0) places.push_back(std::move(place));
  }
  if (!tokens.empty() && tokens.back().kind == TokenKind::kParameter) return {};
  return places;
}

}  // namespace

std::size_t original_position(const std::vector<Shift>& shifts, std::size_t position) {
  if (position == 0) return 0;
  std::size_t at = position - 1, moved = at;
  for (const Shift& shift : shifts) {
    if (at < shift.sent_at) break;
    const bool inside = at < shift.sent_at + shift.sent_size;
    moved = inside ? shift.written_at
                   : shift.written_at + shift.written_size + (at - shift.sent_at - shift.sent_size);
  }
  return moved + 1;
}

std::vector<std::string> named_places(std::string_view statement,
                                      const std::map<std::string, std::string>& known) {
  std::vector<std::string> names;
  for (const Place& place : places_of(statement, known)) {
    if (std::find(names.begin(), names.end(), place.name) == names.end()) {
      names.push_back(place.name);
    }
  }
  return names;
}

NamedStatement bind_names(std::string_view statement,
                          const std::map<std::string, std::string>& values, std::string_view how) {
  NamedStatement bound;
  std::map<std::string, std::size_t> numbers;
  std::size_t copied = 0;
  for (const Place& place : places_of(statement, values)) {
    const auto value = values.find(place.name);
    if (value == values.end()) {
      throw Error{Fault::kUsage, fmt::format("the statement's :{} has no value", place.name),
                  fmt::format("{} gives it one", fmt::format(fmt::runtime(how), place.name))};
    }
    const auto [number, first] = numbers.emplace(place.name, numbers.size() + 1);
    if (first) bound.values.push_back(value->second);
    bound.text += statement.substr(copied, place.begin - copied);
    const std::string sent = fmt::format("${}", number->second);
    bound.shifts.push_back({characters(statement.substr(0, place.begin)),
                            characters(statement.substr(place.begin, place.end - place.begin)),
                            characters(bound.text), sent.size()});
    bound.text += sent;
    copied = place.end;
  }
  bound.text += statement.substr(copied);
  return bound;
}

std::vector<NamedStatement> bind_params(const std::vector<std::string>& statements,
                                        const std::vector<std::string>& params) {
  std::map<std::string, std::string> values;
  for (const std::string& param : params) values[param.substr(0, param.find('='))];
  std::vector<std::string> names;
  for (const std::string& statement : statements) {
    for (std::string& name : named_places(statement, values)) names.push_back(std::move(name));
  }
  std::vector<NamedStatement> bound;
  if (names.empty()) {
    if (statements.size() > 1 && !params.empty()) {
      throw Error{Fault::kUsage, "--param goes with no file of several statements",
                  "give values by name: --param NAME=VALUE for :NAME"};
    }
    for (const std::string& statement : statements) bound.push_back({statement, params, {}});
    return bound;
  }
  values.clear();
  for (const std::string& param : params) {
    const std::size_t equals = param.find('=');
    if (equals == std::string::npos) {
      // It may be anything; a value is not shown.
      throw Error{Fault::kUsage,
                  fmt::format("a --param has no name, and the statement has :{}", names.front()),
                  fmt::format("give it as --param {}=VALUE", names.front())};
    }
    const std::string name = param.substr(0, equals);
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      const std::string near = nearest(name, names);
      throw Error{Fault::kUsage, fmt::format("the statement has no :{}", shortened(name)),
                  near.empty() ? "each --param NAME=VALUE is for a :NAME in the statement"
                               : fmt::format("did you mean {}?", near)};
    }
    if (!values.emplace(name, param.substr(equals + 1)).second) {
      throw Error{Fault::kUsage, fmt::format("--param {} was given twice", name),
                  "a name has one value, wherever it stands"};
    }
  }
  for (const std::string& statement : statements) {
    bound.push_back(bind_names(statement, values, "--param {}=VALUE"));
  }
  return bound;
}

}  // namespace drift::query
