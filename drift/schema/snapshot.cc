#include "drift/schema/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <variant>

#include "drift/aws/digest.h"
#include "drift/base/error.h"
#include "drift/base/text.h"
#include "drift/schema/object.h"
#include "drift/sql/json_text.h"
#include "drift/sql/strict_json.h"

namespace drift::schema {
namespace {

constexpr std::string_view kBeforeFormat = "{\"format\":";
constexpr std::string_view kBeforeDigest = "\"digest\":\"";
constexpr std::string_view kBeforeObjects = "\"objects\":[\n";
constexpr std::string_view kAfterObjects = "],\n\"digests\":[\n";
constexpr std::string_view kAfterRoot = "\",\n";
constexpr std::size_t kDigestDigits = 64;
// Of one facet of one object: enough that nobody meets two that are equal by chance.
constexpr std::size_t kShortDigits = 32;

// The end of the JSON string that begins at `at`, behind its closing quotation mark.
std::size_t end_of_string(std::string_view line, std::size_t at) {
  for (++at; at < line.size() && line[at] != '"'; ++at) {
    if (line[at] == '\\') ++at;
  }
  return at + 1;
}

// A line in pieces: what identifies it, and the text of each facet. Requires a line of append_line.
struct Pieces {
  std::string_view group;     // {"schema":"public","object":"t"
  std::string_view identity;  // ,"kind":"column","name":"id"
  std::array<std::string_view, kFacets> facets;
};

Pieces pieces_of(std::string_view line) {
  Pieces pieces;
  // Members of the outer object, one after another: "key":"string" or "key":{...}.
  std::size_t at = 1;
  std::size_t member = 0;
  std::size_t group_end = 0, identity_end = 0;
  while (at < line.size() && line[at] == '"') {
    const std::size_t key_end = end_of_string(line, at);
    const std::string_view key = line.substr(at + 1, key_end - at - 2);
    std::size_t value = key_end + 1;
    const std::size_t value_begin = value;
    if (line[value] == '"') {
      value = end_of_string(line, value);
      identity_end = value;
      if (++member == 2) group_end = value;
    } else {
      while (line[value] != '}')
        value = line[value] == '"' ? end_of_string(line, value) : value + 1;
      ++value;
      for (std::size_t i = 0; i < kFacets; ++i) {
        if (facet_name(static_cast<Facet>(i)) == key) {
          pieces.facets[i] = line.substr(value_begin, value - value_begin);
        }
      }
    }
    at = value + 1;
  }
  pieces.group = line.substr(0, group_end);
  pieces.identity = line.substr(group_end, identity_end - group_end);
  return pieces;
}

// One line for each run of lines about the same object, with a digest of each facet.
class Digests {
 public:
  explicit Digests(std::string& text) : text_(text) {}

  void add(std::string_view line) {
    const Pieces pieces = pieces_of(line);
    if (pieces.group != group_) finish();
    group_ = pieces.group;
    for (std::size_t i = 0; i < kFacets; ++i) {
      // That a thing is there is part of the structure.
      if (pieces.facets[i].empty() && i != 0) continue;
      content_[i] += pieces.identity;
      content_[i] += pieces.facets[i];
      content_[i] += '\n';
    }
  }

  void finish() {
    if (group_.empty()) return;
    if (!first_) text_ += ",\n";
    first_ = false;
    text_ += group_;
    for (std::size_t i = 0; i < kFacets; ++i) {
      if (content_[i].empty()) continue;
      text_ += ",\"";
      text_ += facet_name(static_cast<Facet>(i));
      text_ += "\":\"";
      text_.append(aws::sha256_hex(content_[i]), 0, kShortDigits);
      text_ += '"';
      content_[i].clear();
    }
    text_ += '}';
    group_ = {};
  }

 private:
  std::string& text_;
  std::string_view group_;
  std::array<std::string, kFacets> content_;
  bool first_ = true;
};

std::string header_text(const Header& header, const std::string& root) {
  std::string text =
      fmt::format("\"server_version_num\":{},\n\"version_table\":", header.server_version_num);
  sql::append_json_string(text, header.version_table);
  text += ",\n\"version_rows\":";
  if (header.version_rows) {
    text += '[';
    for (const std::string& row : *header.version_rows) {
      if (&row != &header.version_rows->front()) text += ',';
      sql::append_json_string(text, row);
    }
    text += ']';
  } else {
    text += "null";
  }
  text += ",\n\"coverage\":";
  sql::JsonObject coverage;
  for (const auto& [kind, state] : header.coverage) coverage.add(kind, state);
  text += coverage.take();
  text += fmt::format(",\n\"root\":\"{}", root);
  text += kAfterRoot;
  return text;
}

[[noreturn]] void no_snapshot(const std::string& name, std::string_view why) {
  throw Error{Fault::kReportUnreadable,
              fmt::format("{} is not a snapshot of schema-drift: {}", name, why),
              "take one: schema-drift schema snapshot --database URL -o FILE"};
}

int format_of(std::string_view text, const std::string& name) {
  if (!text.starts_with(kBeforeFormat)) no_snapshot(name, "it does not begin with its format");
  text.remove_prefix(kBeforeFormat.size());
  int format = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), format);
  if (error != std::errc{} || format < 1) no_snapshot(name, "its format is not a number");
  if (format > kFormat) {
    throw Error{Fault::kUnsupported,
                fmt::format("{} is of format {}, and this program reads formats up to {}", name,
                            format, kFormat),
                "a newer schema-drift wrote it: compare with that one"};
  }
  return format;
}

Header read_header(std::string_view text, std::string& root, const std::string& name) {
  const auto read = sql::read_json(fmt::format("{{{}\"objects\":[]}}", text));
  const auto* document = std::get_if<sql::JsonValue>(&read);
  if (document == nullptr) no_snapshot(name, "its header cannot be read");
  using Kind = sql::JsonValue::Kind;
  const auto member = [&](std::string_view key, Kind kind) -> const sql::JsonValue& {
    const sql::JsonValue* found = document->find(key);
    if (found == nullptr || !found->is(kind)) {
      no_snapshot(name, fmt::format("its header has no {}", key));
    }
    return *found;
  };
  Header header;
  const std::string& version = member("server_version_num", Kind::kNumber).text;
  const auto [end, error] =
      std::from_chars(version.data(), version.data() + version.size(), header.server_version_num);
  if (error != std::errc{} || *end != '\0')
    no_snapshot(name, "its server_version_num is no number");
  header.version_table = member("version_table", Kind::kString).text;
  root = member("root", Kind::kString).text;
  if (const sql::JsonValue* rows = document->find_set("version_rows")) {
    header.version_rows.emplace();
    for (const sql::JsonValue& row : rows->items) header.version_rows->push_back(row.text);
  }
  for (const auto& [kind, state] : member("coverage", Kind::kObject).members) {
    header.coverage[kind] = state.text;
  }
  return header;
}

// The lines between the brackets, without the commas between them.
std::vector<std::string_view> read_lines(std::string_view text, const std::string& name) {
  std::vector<std::string_view> lines;
  lines.reserve(text.size() / 100);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (!text.empty() && line.ends_with(',')) line.remove_suffix(1);
    if (!lines.empty() && lines.back() >= line) no_snapshot(name, "its objects are not sorted");
    lines.push_back(line);
  }
  return lines;
}

}  // namespace

// One text that is filled in place: with the lines of a large database a second one would be felt.
std::string snapshot_text(const Header& header, std::vector<std::string> lines) {
  if (!std::is_sorted(lines.begin(), lines.end())) std::sort(lines.begin(), lines.end());
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  std::size_t size = 8'192;
  for (const std::string& line : lines) size += line.size() + 2;
  const std::string unknown(kDigestDigits, '0');
  std::string text;
  text.reserve(size + size / 8);
  text += fmt::format("{}{},\n{}", kBeforeFormat, kFormat, kBeforeDigest);
  const std::size_t digest = text.size();
  text += unknown + "\",\n";
  const std::size_t body = text.size();
  text += header_text(header, unknown);
  const std::size_t root = text.size() - kDigestDigits - kAfterRoot.size();
  text += kBeforeObjects;
  const std::size_t objects = text.size();
  for (const std::string& line : lines) {
    text += line;
    text += &line == &lines.back() ? "\n" : ",\n";
  }
  text.replace(root, kDigestDigits, aws::sha256_hex(std::string_view(text).substr(objects)));
  text += kAfterObjects;
  Digests digests(text);
  for (const std::string& line : lines) digests.add(line);
  digests.finish();
  text += "\n]}\n";
  text.replace(digest, kDigestDigits, aws::sha256_hex(std::string_view(text).substr(body)));
  return text;
}

Snapshot read_snapshot(std::string text, const std::string& name) {
  format_of(text, name);
  Snapshot snapshot;
  snapshot.text = std::make_shared<const std::string>(std::move(text));
  std::string_view rest = *snapshot.text;
  rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
  if (!rest.starts_with(kBeforeDigest) || rest.size() < kBeforeDigest.size() + kDigestDigits + 3) {
    no_snapshot(name, "it has no digest");
  }
  const std::string_view digest = rest.substr(kBeforeDigest.size(), kDigestDigits);
  rest.remove_prefix(kBeforeDigest.size() + kDigestDigits + 3);
  if (aws::sha256_hex(rest) != digest) {
    throw Error{Fault::kReportUnreadable,
                fmt::format("{} was changed after it was written: its digest does not match", name),
                "snapshots are not for editing: take it again with schema-drift schema snapshot, "
                "and check that no program rewrites the file (git's autocrlf, a formatter)"};
  }
  const std::size_t objects = rest.find(kBeforeObjects);
  const std::size_t end = rest.rfind(kAfterObjects);
  if (objects == std::string_view::npos || end == std::string_view::npos || end < objects) {
    no_snapshot(name, "it has no objects");
  }
  snapshot.header = read_header(rest.substr(0, objects), snapshot.root, name);
  const std::size_t begin = objects + kBeforeObjects.size();
  if (end < begin) no_snapshot(name, "it has no objects");
  snapshot.lines = read_lines(rest.substr(begin, end - begin), name);
  return snapshot;
}

}  // namespace drift::schema
