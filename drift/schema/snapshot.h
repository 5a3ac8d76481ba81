// A database's catalog as one canonical document: equal catalogs give equal bytes.
//
//   {"format":1,
//   "digest":"SHA-256 of every byte that follows this line",
//   "server_version_num":150018,
//   "version_table":"public.alembic_version",
//   "version_rows":["a1b2c3"],
//   "coverage":{"cast":"read", ...},
//   "root":"SHA-256 of the lines of the objects",
//   "objects":[
//   {"schema":"public","object":"orders","kind":"column","name":"id",…},
//   ...
//   ],
//   "digests":[
//   {"schema":"public","object":"orders","structure":"32 hex digits", ...},
//   ...
//   ]}
//
// One object a line, the lines sorted by bytes, so that two documents are compared without reading
// what is equal in both.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drift::schema {

inline constexpr int kFormat = 1;
// What a document may weigh: that of 5,000 tables weighs about 15 MB.
inline constexpr std::size_t kMaxSnapshotBytes = 512U << 20U;

inline constexpr std::string_view kRead = "read";
// Coverage's key of the version rows.
inline constexpr std::string_view kVersionRows = "version rows";

struct Header {
  int server_version_num = 0;
  std::string version_table;
  // Sorted; nothing where they were not read, and none where there is no such table.
  std::optional<std::vector<std::string>> version_rows;
  // By kind: "read", or "not checked: " and why.
  std::map<std::string, std::string> coverage;
};

struct Snapshot {
  Header header;
  std::string root;
  std::vector<std::string_view> lines;  // of the objects, sorted, none twice; into `text`
  std::shared_ptr<const std::string> text;
};

// The document. `lines` in any order; each is one object's (drift/schema/object.h).
std::string snapshot_text(const Header& header, std::vector<std::string> lines);

// Reads a document that `name` names in messages.
// Throws Error{kUnsupported} for a newer format and Error{kReportUnreadable} for what is no
// snapshot, or is not as it was written: its digest does not match.
Snapshot read_snapshot(std::string text, const std::string& name);

}  // namespace drift::schema
