// Text out of the XML that STS, SNS and S3 answer. The only user of pugixml.
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drift::aws {

// The text of the first element of each of these names, wherever it stands in `document`; names are
// local ones, without a namespace prefix. Entities are decoded, surrounding blanks removed. A name
// without an element is missing from the result, and so is everything where `document` is not
// well-formed to its end: half an answer is none. Never throws but for lack of memory.
std::map<std::string, std::string> xml_texts(std::string_view document,
                                             std::initializer_list<std::string_view> names);

// Every element that holds text, in the order of `document`, as its path from the root and its
// text: {"ListBucketResult/Contents/Key", "a.json"}. Empty where `document` is not well-formed, or
// deeper than 16. Never throws but for lack of memory.
std::vector<std::pair<std::string, std::string>> xml_paths(std::string_view document);

}  // namespace drift::aws
