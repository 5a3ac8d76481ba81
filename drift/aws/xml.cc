#include "drift/aws/xml.h"

#include <algorithm>
#include <pugixml.hpp>

namespace drift::aws {
namespace {

std::string_view local_name(std::string_view name) {
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

// Text and CDATA directly in `element`; what stands in its children is theirs.
std::string text_of(const pugi::xml_node& element) {
  std::string text;
  for (const pugi::xml_node& child : element.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)
      text += child.value();
  }
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// The next node in the order of the document. Not recursive: a hostile answer may be as deep as it
// is long.
pugi::xml_node after(pugi::xml_node node) {
  if (node.first_child()) return node.first_child();
  while (node && !node.next_sibling()) node = node.parent();
  return node.next_sibling();
}

}  // namespace

std::map<std::string, std::string> xml_texts(std::string_view document,
                                             std::initializer_list<std::string_view> names) {
  std::map<std::string, std::string> texts;
  // pugixml skips a document type declaration, so its entities are never expanded.
  pugi::xml_document parsed;
  if (!parsed.load_buffer(document.data(), document.size(), pugi::parse_default)) return texts;
  for (pugi::xml_node node = parsed.first_child(); node; node = after(node)) {
    if (node.type() != pugi::node_element) continue;
    const std::string_view name = local_name(node.name());
    if (std::find(names.begin(), names.end(), name) == names.end()) continue;
    texts.try_emplace(std::string(name), text_of(node));
  }
  return texts;
}

std::vector<std::pair<std::string, std::string>> xml_paths(std::string_view document) {
  constexpr int kDeepest = 16;
  std::vector<std::pair<std::string, std::string>> found;
  pugi::xml_document parsed;
  if (!parsed.load_buffer(document.data(), document.size(), pugi::parse_default)) return found;
  std::string path;
  int depth = 0;
  pugi::xml_node node = parsed.first_child();
  const auto leave = [&] {
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
    --depth;
  };
  while (node) {
    if (node.type() == pugi::node_element) {
      if (++depth > kDeepest) return {};
      if (!path.empty()) path += '/';
      path += local_name(node.name());
      std::string text = text_of(node);
      if (!text.empty()) found.emplace_back(path, std::move(text));
      if (node.first_child()) {
        node = node.first_child();
        continue;
      }
      leave();
    }
    while (node && !node.next_sibling()) {
      node = node.parent();
      if (node && node.type() == pugi::node_element) leave();
    }
    node = node.next_sibling();
  }
  return found;
}

}  // namespace drift::aws
