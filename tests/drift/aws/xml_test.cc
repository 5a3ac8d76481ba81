#include "drift/aws/xml.h"

#include <gtest/gtest.h>

#include <map>

namespace drift::aws {
namespace {

using Texts = std::map<std::string, std::string>;

// The first element of each of these names; what has none is missing.
Texts texts_of(std::string_view document, std::initializer_list<const char*> names) {
  const pugi::xml_document parsed = parse_xml(document);
  Texts texts;
  for (const char* name : names) {
    if (const auto element = first_element(parsed, name)) texts[name] = xml_text(element);
  }
  return texts;
}

TEST(Xml, FindsNamesWhereverTheyStand) {
  const std::string document =
      "<?xml version=\"1.0\"?>\n"
      "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"
      "  <Error><Type>Sender</Type><Code> AccessDenied\n</Code><Message>no &lt;way&gt; &amp; "
      "out</Message></Error>\n"
      "  <RequestId>r-1</RequestId>\n</ErrorResponse>";
  EXPECT_EQ(texts_of(document, {"Code", "Message", "RequestId", "Missing"}),
            (Texts{{"Code", "AccessDenied"}, {"Message", "no <way> & out"}, {"RequestId", "r-1"}}));
}

TEST(Xml, TheFirstOfANameCountsAndPrefixesDoNot) {
  EXPECT_EQ(texts_of("<a:r xmlns:a=\"u\"><a:Code>1</a:Code><Code>2</Code></a:r>", {"Code"}),
            (Texts{{"Code", "1"}}));
}

TEST(Xml, CdataIsTextAndAnEmptyElementIsEmptyText) {
  EXPECT_EQ(texts_of("<r><A>x<![CDATA[<y>]]></A><B/></r>", {"A", "B"}),
            (Texts{{"A", "x<y>"}, {"B", ""}}));
}

TEST(Xml, ATruncatedDocumentHoldsNothing) {
  const std::string document = "<r><Code>1</Code><Message>2</Message></r>";
  for (std::size_t size = 0; size < document.size(); ++size) {
    EXPECT_EQ(texts_of(document.substr(0, size), {"Code", "Message"}), Texts{}) << size;
  }
  EXPECT_EQ(texts_of(document, {"Code"}), (Texts{{"Code", "1"}}));
}

TEST(Xml, EntitiesOfADocumentTypeAreNotExpanded) {
  const std::string document =
      "<!DOCTYPE r [<!ENTITY f SYSTEM \"file:///etc/passwd\"><!ENTITY a \"aaaa\">]>"
      "<r><A>&f;&a;</A></r>";
  EXPECT_EQ(texts_of(document, {"A"}), (Texts{{"A", "&f;&a;"}}));
}

TEST(Xml, DepthCostsNoStack) {
  const std::size_t depth = 300'000;
  std::string document;
  for (std::size_t i = 0; i < depth; ++i) document += "<d>";
  document += "<Code>1</Code>";
  for (std::size_t i = 0; i < depth; ++i) document += "</d>";
  EXPECT_EQ(texts_of(document, {"Code"}), (Texts{{"Code", "1"}}));
}

TEST(Xml, JsonAndHtmlHoldNothing) {
  EXPECT_EQ(texts_of("{\"Code\": 1}", {"Code"}), Texts{});
  EXPECT_EQ(texts_of("<html><br><Code>1</Code></html>", {"Code"}), Texts{});
}

TEST(Xml, NodesAreReachedByTheirLocalNames) {
  const pugi::xml_document document = parse_xml(
      "<s:List xmlns:s=\"u\"><s:Item><Key>a</Key></s:Item><s:Item><Key/></s:Item></s:List>");
  std::string keys;
  for (const auto& item : document.child("List").children("Item")) {
    keys += xml_text(item.child("Key")) + ";";
  }
  EXPECT_EQ(keys, "a;;");
  EXPECT_EQ(xml_text(document.child("Missing").child("Key")), "");
}

}  // namespace
}  // namespace drift::aws
