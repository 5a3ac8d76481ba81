// The XML that STS, SNS and S3 answer, read with pugixml: an answer is a document of that library,
// and what it says are its nodes.
#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>

namespace drift::aws {

// `text` with entities decoded and without namespace prefixes ("s3:Key" is "Key"); a document type
// is passed over with the entities it declares. Empty where `text` is not well-formed to its end:
// half an answer is none. Never throws but for lack of memory.
pugi::xml_document parse_xml(std::string_view text);

// The first element of this name below `node`, wherever it stands; null where there is none. Takes
// no stack: a hostile answer may be as deep as it is long.
pugi::xml_node first_element(const pugi::xml_node& node, std::string_view name);

// Text and CDATA directly in `element`, without blanks around it; what stands in its children is
// theirs. "" of a null node.
std::string xml_text(const pugi::xml_node& element);

}  // namespace drift::aws
