#include "drift/schema/catalog/line_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <tuple>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/schema/catalog/query_parts.h"
#include "drift/schema/normalise.h"

namespace drift::schema {
namespace {

std::uint64_t number(std::string_view digits) {
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

// A database of encoding SQL_ASCII holds any byte. Two names that differ must not look alike.
std::string text_of(std::string_view cell) {
  if (is_utf8(cell)) return std::string(cell);
  std::string text;
  while (!cell.empty()) {
    const Utf8Character character = first_character(cell);
    if (character.valid) {
      text += cell.substr(0, character.size);
    } else {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(cell.front()));
    }
    cell.remove_prefix(character.size);
  }
  return text;
}

}  // namespace

sql::Wanted ExtensionMembers::row(const std::vector<sql::Cell>& row) {
  members_.insert(number(*row[0]) << 32U | number(*row[1]));
  return sql::Wanted::kMore;
}

bool ExtensionMembers::has(std::uint32_t object_class, std::string_view oid) const {
  return !members_.empty() &&
         members_.count(static_cast<std::uint64_t>(object_class) << 32U | number(oid)) > 0;
}

void LineSink::columns(const std::vector<sql::Column>& columns) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string& name = columns[i].name;
    int* place = name == "schema"        ? &schema_
                 : name == "object"      ? &object_
                 : name == "name"        ? &name_
                 : name == "kind"        ? &kind_
                 : name == "member"      ? &member_
                 : name == "member_type" ? &member_type_
                 : name == "acl"         ? &acl_
                 : name == "acl_default" ? &acl_default_
                 : name == "acl_owner"   ? &acl_owner_
                                         : nullptr;
    if (place != nullptr) {
      *place = static_cast<int>(i);
      continue;
    }
    const char prefix = name.size() > 2 && name[1] == '_' ? name[0] : ' ';
    const Facet facet = prefix == 't'   ? Facet::kTuning
                        : prefix == 'o' ? Facet::kOwner
                        : prefix == 'c' ? Facet::kComment
                                        : Facet::kStructure;
    const Form form = prefix == 'e'   ? Form::kExpression
                      : prefix == 'h' ? Form::kHidden
                      : prefix == 'l' ? Form::kLocale
                                      : Form::kPlain;
    if (std::string_view("sehltoc").find(prefix) == std::string_view::npos) {
      throw Error{Fault::kSqlFailed, fmt::format("the catalog's answer has a column {}", name)};
    }
    sources_.push_back({i, facet, form, name.substr(2)});
  }
  std::sort(sources_.begin(), sources_.end(), [](const Source& a, const Source& b) {
    return std::tie(a.facet, a.name) < std::tie(b.facet, b.name);
  });
  if (schema_ < 0 || object_ < 0) {
    throw Error{Fault::kSqlFailed, "the catalog's answer names no objects"};
  }
}

std::string LineSink::value_of(const Source& source, std::string_view cell) const {
  switch (source.form) {
    case Form::kPlain: break;
    case Form::kLocale: return locale_spelling(text_of(cell));
    case Form::kHidden:
      return hidden_options(text_of(cell), object_of_row_.kind + '\n' + object_of_row_.object);
    case Form::kExpression: {
      constexpr std::string_view kNotValid = " NOT VALID";  // said by a property of its own
      if (source.name == "definition" && object_of_row_.kind == "constraint" &&
          cell.ends_with(kNotValid)) {
        cell.remove_suffix(kNotValid.size());
      }
      if (cell.find("(ARRAY[") != std::string_view::npos) return pushed_casts(text_of(cell));
    }
  }
  return text_of(cell);
}

void LineSink::add_privileges(const std::vector<sql::Cell>& row) {
  if (acl_ < 0 || !row[static_cast<std::size_t>(acl_)]) return;
  const auto cell = [&](int column) {
    return column < 0 ? std::string() : text_of(row[static_cast<std::size_t>(column)].value_or(""));
  };
  for (Property& property : privileges(cell(acl_), cell(acl_default_), cell(acl_owner_))) {
    object_of_row_.properties.push_back(std::move(property));
  }
}

sql::Wanted LineSink::row(const std::vector<sql::Cell>& row) {
  const auto cell = [&](int column) {
    return column < 0 ? std::string_view()
                      : row[static_cast<std::size_t>(column)].value_or(std::string_view());
  };
  if (member_ >= 0 && members_.has(query_.member_class, cell(member_))) return sql::Wanted::kMore;
  if (member_type_ >= 0 && members_.has(kClassOfTypes, cell(member_type_))) {
    return sql::Wanted::kMore;
  }
  Object& object = object_of_row_;
  object.kind = kind_ < 0 ? query_.kinds.front() : cell(kind_);
  object.schema = text_of(cell(schema_));
  object.object = text_of(cell(object_));
  object.name = text_of(cell(name_));
  object.properties.clear();
  bool privileges_added = false;
  for (const Source& source : sources_) {
    if (source.facet > Facet::kPrivilege && !privileges_added) {
      add_privileges(row);
      privileges_added = true;
    }
    if (!row[source.column]) continue;
    object.properties.push_back({source.facet, source.name, value_of(source, *row[source.column])});
  }
  if (!privileges_added) add_privileges(row);
  if (query_.only_with_properties && object.properties.empty()) return sql::Wanted::kMore;
  append_line(lines_.emplace_back(), object);
  return sql::Wanted::kMore;
}

}  // namespace drift::schema
