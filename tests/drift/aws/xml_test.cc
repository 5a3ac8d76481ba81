#include "drift/aws/xml.h"

#include <gtest/gtest.h>

namespace drift::aws {
namespace {

using Texts = std::map<std::string, std::string>;

TEST(XmlTexts, FindsNamesWhereverTheyStand) {
  const std::string document =
      "<?xml version=\"1.0\"?>\n"
      "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"
      "  <Error><Type>Sender</Type><Code> AccessDenied\n</Code><Message>no &lt;way&gt; &amp; "
      "out</Message></Error>\n"
      "  <RequestId>r-1</RequestId>\n</ErrorResponse>";
  EXPECT_EQ(xml_texts(document, {"Code", "Message", "RequestId", "Missing"}),
            (Texts{{"Code", "AccessDenied"}, {"Message", "no <way> & out"}, {"RequestId", "r-1"}}));
}

TEST(XmlTexts, TheFirstOfANameCountsAndPrefixesDoNot) {
  EXPECT_EQ(xml_texts("<a:r xmlns:a=\"u\"><a:Code>1</a:Code><Code>2</Code></a:r>", {"Code"}),
            (Texts{{"Code", "1"}}));
}

TEST(XmlTexts, CdataIsTextAndAnEmptyElementIsEmptyText) {
  EXPECT_EQ(xml_texts("<r><A>x<![CDATA[<y>]]></A><B/></r>", {"A", "B"}),
            (Texts{{"A", "x<y>"}, {"B", ""}}));
}

TEST(XmlTexts, ATruncatedDocumentHoldsNothing) {
  const std::string document = "<r><Code>1</Code><Message>2</Message></r>";
  for (std::size_t size = 0; size < document.size(); ++size) {
    EXPECT_EQ(xml_texts(document.substr(0, size), {"Code", "Message"}), Texts{}) << size;
  }
  EXPECT_EQ(xml_texts(document, {"Code"}), (Texts{{"Code", "1"}}));
}

TEST(XmlTexts, EntitiesOfADocumentTypeAreNotExpanded) {
  const std::string document =
      "<!DOCTYPE r [<!ENTITY f SYSTEM \"file:///etc/passwd\"><!ENTITY a \"aaaa\">]>"
      "<r><A>&f;&a;</A></r>";
  EXPECT_EQ(xml_texts(document, {"A"}), (Texts{{"A", "&f;&a;"}}));
}

TEST(XmlTexts, DepthCostsNoStack) {
  const std::size_t depth = 300'000;
  std::string document;
  for (std::size_t i = 0; i < depth; ++i) document += "<d>";
  document += "<Code>1</Code>";
  for (std::size_t i = 0; i < depth; ++i) document += "</d>";
  EXPECT_EQ(xml_texts(document, {"Code"}), (Texts{{"Code", "1"}}));
}

TEST(XmlTexts, JsonAndHtmlHoldNothing) {
  EXPECT_EQ(xml_texts("{\"Code\": 1}", {"Code"}), Texts{});
  EXPECT_EQ(xml_texts("<html><br><Code>1</Code></html>", {"Code"}), Texts{});
}

}  // namespace
}  // namespace drift::aws
