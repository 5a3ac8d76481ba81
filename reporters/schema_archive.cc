#include "reporters/schema_archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "drift/aws/digest.h"
#include "drift/base/error.h"
#include "drift/base/text.h"
#include "drift/base/url.h"

namespace drift::reporters {
namespace {

using schema::Acceptance;
using schema::Snapshot;

constexpr std::size_t kLongestName = 120;
constexpr std::string_view kAccepted = "accepted/";

// Alembic takes no '+' in a revision id, but a row may hold anything.
std::string name_of(const std::vector<std::string>& rows) {
  const std::string all = joined(rows, "+");
  const bool plain =
      all.size() <= kLongestName && std::all_of(rows.begin(), rows.end(), [](const auto& row) {
        return !row.empty() && is_alnum(row.front()) &&
               std::all_of(row.begin(), row.end(),
                           [](char c) { return is_alnum(c) || c == '_' || c == '.'; });
      });
  if (plain) return all;
  std::string text;
  for (const std::string& row : rows) text += fmt::format("{}:{}", row.size(), row);
  return "sha256-" + aws::sha256_hex(text);
}

std::string recorded_name(const std::vector<std::string>& rows) {
  return fmt::format("recorded/{}.json", name_of(rows));
}

std::string accepted_name(const std::string& target, const std::vector<std::string>& rows) {
  return fmt::format("{}{}/{}.json", kAccepted, target, name_of(rows));
}

std::vector<std::string> rows_of(const Snapshot& snapshot) {
  std::vector<std::string> rows = snapshot.header.version_rows.value_or(std::vector<std::string>{});
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

}  // namespace

SchemaArchive::Found SchemaArchive::found(const std::string& name, std::string text,
                                          const std::vector<std::string>& rows) {
  Found one{schema::read_snapshot(std::move(text), store_->place(name)), store_->place(name)};
  if (rows_of(one.snapshot) == rows) return one;
  throw Error{Fault::kReportUnreadable,
              fmt::format("{} is a snapshot of other version rows ({})", one.place,
                          quoted(rows_of(one.snapshot))),
              "record it again: its name says of which rows it should be"};
}

std::optional<SchemaArchive::Found> SchemaArchive::recorded(const std::vector<std::string>& rows,
                                                            const Stop& stop) {
  const std::string name = recorded_name(rows);
  std::optional<std::string> text = store_->read(name, stop);
  if (!text) return std::nullopt;
  return found(name, std::move(*text), rows);
}

std::string SchemaArchive::place_of_recorded(const std::vector<std::string>& rows) const {
  return store_->place(recorded_name(rows));
}

SchemaArchive::Recording SchemaArchive::record(const Snapshot& snapshot, bool replace,
                                               const Stop& stop) {
  const std::vector<std::string> rows = rows_of(snapshot);
  const std::string name = recorded_name(rows);
  const auto same = [&](const std::string& text) {
    return text == *snapshot.text ||
           schema::read_snapshot(text, store_->place(name)).root == snapshot.root;
  };
  const std::optional<std::string> before = store_->read(name, stop);
  if (replace) {
    if (before == *snapshot.text) return Recording::kSameAlready;
    store_->replace(name, *snapshot.text, {}, stop);
    return before ? Recording::kReplaced : Recording::kNew;
  }
  if (before && same(*before)) return Recording::kSameAlready;
  if (!before) {
    store_->add(name, *snapshot.text, stop);
    // A bucket does not say that somebody else came first.
    const std::optional<std::string> now = store_->read(name, stop);
    if (now && same(*now)) return Recording::kNew;
  }
  throw Error{
      Fault::kReportNotStored,
      fmt::format("another schema is recorded for {} at {}", quoted(rows), store_->place(name)),
      "the same revisions made two schemas: compare them with schema-drift schema diff; "
      "--replace puts this one in its place"};
}

std::optional<Acceptance> SchemaArchive::acceptance(const std::string& target,
                                                    const std::vector<std::string>& rows,
                                                    const Stop& stop) {
  const std::string name = accepted_name(target, rows);
  const std::optional<std::string> json = store_->read(name, stop);
  if (!json) return std::nullopt;
  std::optional<Acceptance> read = schema::read_acceptance(*json);
  if (read && read->target == target && read->version_rows == rows) return read;
  throw Error{Fault::kReportUnreadable,
              fmt::format("{} does not say what was accepted", store_->place(name)),
              "accept it again: schema-drift schema accept TARGET --reason TEXT"};
}

SchemaArchive::Found SchemaArchive::accepted(const Acceptance& acceptance, const Stop& stop) {
  const std::string name =
      fmt::format("{}{}/{}", kAccepted, acceptance.target, acceptance.snapshot);
  std::optional<std::string> text = store_->read(name, stop);
  if (!text) {
    throw Error{
        Fault::kReportUnreadable,
        fmt::format("the schema that was accepted is gone: there is no {}", store_->place(name)),
        "accept it again: schema-drift schema accept TARGET --reason TEXT"};
  }
  Found one = found(name, std::move(*text), acceptance.version_rows);
  if (one.snapshot.root == acceptance.root) return one;
  throw Error{Fault::kReportUnreadable,
              fmt::format("{} is not the schema that was accepted", one.place),
              "accept it again: schema-drift schema accept TARGET --reason TEXT"};
}

std::string SchemaArchive::accept(Acceptance& acceptance, const Snapshot& snapshot,
                                  const Stop& stop) {
  acceptance.version_rows = rows_of(snapshot);
  acceptance.root = snapshot.root;
  acceptance.snapshot = fmt::format("{}.{}.schema", name_of(acceptance.version_rows),
                                    aws::sha256_hex(*snapshot.text).substr(0, 16));
  store_->replace(fmt::format("{}{}/{}", kAccepted, acceptance.target, acceptance.snapshot),
                  *snapshot.text, {}, stop);
  return change(acceptance, stop);
}

std::string SchemaArchive::change(const Acceptance& acceptance, const Stop& stop) {
  const std::string name = accepted_name(acceptance.target, acceptance.version_rows);
  store_->replace(name, schema::to_json(acceptance), {}, stop);
  return store_->place(name);
}

SchemaArchive::Accepted SchemaArchive::all_accepted(const std::string& target, const Stop& stop) {
  Accepted accepted;
  std::vector<std::string> targets{target};
  if (target.empty()) targets = store_->list(std::string(kAccepted), stop).folders;
  for (const std::string& one : targets) {
    const std::string folder = fmt::format("{}{}/", kAccepted, one);
    for (const std::string& file : store_->list(folder, stop).files) {
      if (!file.ends_with(".json")) continue;
      const auto json = store_->read(folder + file, stop);
      auto read = json ? schema::read_acceptance(*json) : std::nullopt;
      if (read && read->target == one) {
        accepted.all.push_back(std::move(*read));
      } else {
        accepted.unreadable.push_back(store_->place(folder + file));
      }
    }
  }
  return accepted;
}

SchemaArchive open_schemas(const std::string& url, const ReportOptions& options,
                           const aws::SessionSource& session) {
  try {
    return SchemaArchive(make_store(url, options, session));
  } catch (const Error& error) {
    if (error.fault != Fault::kUsage) throw;
    throw Error{Fault::kUsage, fmt::format("cannot keep schemas at {}", redacted_url(url)),
                "give a folder, file:///absolute/path or s3://bucket/prefix"};
  }
}

}  // namespace drift::reporters
