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

// `text` with every identifier that is a key of `names` replaced by its value.
// An identifier with quotation marks counts without them, and
// comes out without them: the result is for comparing, not for running.
std::string with_names_replaced(std::string_view text,
                                const std::map<std::string, std::string>& names);

}  // namespace drift::schema
