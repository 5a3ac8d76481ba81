#include "drift/aws/xml.h"

#include "drift/base/text.h"

namespace drift::aws {

pugi::xml_document parse_xml(std::string_view text) {
  pugi::xml_document document;
  // pugixml skips a document type declaration, so its entities are never expanded.
  if (!document.load_buffer(text.data(), text.size(), pugi::parse_default)) return {};
  // No name is looked for: this goes to every node.
  document.find_node([](pugi::xml_node node) {
    const std::string_view name = node.name();
    const std::size_t colon = name.find(':');
    if (colon != std::string_view::npos) node.set_name(std::string(name.substr(colon + 1)).c_str());
    return false;
  });
  return document;
}

pugi::xml_node first_element(const pugi::xml_node& node, std::string_view name) {
  return node.find_node([&](const pugi::xml_node& one) {
    return one.type() == pugi::node_element && one.name() == name;
  });
}

std::string xml_text(const pugi::xml_node& element) {
  std::string text;
  for (const pugi::xml_node& child : element.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)
      text += child.value();
  }
  return std::string(trimmed(text));
}

}  // namespace drift::aws
