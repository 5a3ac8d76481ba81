// Names in the text that PostgreSQL deparses.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace drift::schema {

// The parts of a qualified name: app."Ta ble".id. Nothing is folded to lower case.
std::vector<std::string> name_parts(std::string_view qualified);

// The qualified names in a list that is separated by ", ".
std::vector<std::vector<std::string>> names_in_list(std::string_view list);

// Whether `live` is `expected` with some of its identifiers called by their new names (`names`: old
// to new), also inside literals ('app.orders_id_seq'::regclass). Quotation marks around a name
// count for nothing.
bool equal_but_for_names(std::string_view expected, std::string_view live,
                         const std::map<std::string, std::string>& names);

// `text` without the first identifier that is `name`, with or without quotation marks.
std::string without_first(std::string_view text, std::string_view name);

}  // namespace drift::schema
