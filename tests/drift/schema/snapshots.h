// Snapshots made in the body of a test.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "drift/schema/object.h"
#include "drift/schema/snapshot.h"

namespace drift::schema {

inline Object thing(std::string kind, std::string schema, std::string object, std::string name = "",
                    std::vector<Property> properties = {}) {
  return {std::move(kind), std::move(schema), std::move(object), std::move(name),
          std::move(properties)};
}

inline Property property(std::string name, std::string value, Facet facet = Facet::kStructure) {
  return {facet, std::move(name), std::move(value)};
}

inline Object column(std::string table, std::string name, std::string type = "integer") {
  return thing("column", "app", std::move(table), std::move(name),
               {property("type", std::move(type))});
}

inline Header header_of(int version = 150'018) {
  Header header;
  header.server_version_num = version;
  header.version_table = "public.alembic_version";
  header.version_rows = {"a1"};
  for (const char* kind : {"table", "column", "index", "constraint", "view", "schema", "sequence",
                           "extension", "extension member", "trigger"}) {
    header.coverage[kind] = kRead;
  }
  return header;
}

inline std::string text_of(const std::vector<Object>& objects, const Header& header = header_of()) {
  std::vector<std::string> lines;
  for (const Object& object : objects) append_line(lines.emplace_back(), object);
  return snapshot_text(header, lines);
}

inline Snapshot snapshot_of(const std::vector<Object>& objects,
                            const Header& header = header_of()) {
  return read_snapshot(text_of(objects, header), "test.json");
}

}  // namespace drift::schema
