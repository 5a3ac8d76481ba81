#include "migrations/script_directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/stop.h"
#include "drift/base/text.h"
#include "migrations/alembic/likely_files.h"
#include "migrations/alembic/version_files.h"
#include "migrations/alembic/version_locations.h"
#include "migrations/git/repository.h"
#include "migrations/git/tree_path.h"
#include "migrations/module_sources.h"
#include "migrations/python/module_variables.h"
#include "migrations/revision_file.h"
#include "migrations/unread_migrations.h"

namespace drift::migrations {
namespace {

template <typename T>
void append(std::vector<T>& to, std::vector<T>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

[[noreturn]] void refuse_empty(const std::vector<std::string>& folders, const std::string& nested) {
  std::vector<std::string> names;
  for (const std::string& folder : folders) names.push_back(folder_name(folder));
  std::string hint =
      "an empty set of migrations would match any empty database, so it is an "
      "error: check script_location and version_locations, or pass --versions-path";
  if (!nested.empty()) {
    hint = fmt::format(
        "{} is in a subfolder: set recursive_version_locations = true, or pass "
        "--recursive-version-locations",
        printable(nested));
  }
  throw Error{Fault::kVersionsEmpty,
              fmt::format("there is no migration in {}", fmt::join(names, ", ")), hint};
}

// Where locations are set in env.py the files below may count: then the revision that one of them
// goes on from is no head, and to call a database with that row synced would be wrong.
void report_unread(const UnreadMigrations& unread, ScriptDirectory& result) {
  if (const auto& tie = unread.tie) {
    const std::string others =
        unread.count == 1 ? "it is in a subfolder"
                          : fmt::format("it and {} more {} are in subfolders", unread.count - 1,
                                        unread.count == 2 ? "file that looks like a migration"
                                                          : "files that look like migrations");
    result.problems.push_back(
        {Fault::kIncompleteGraph,
         fmt::format("{}: {} names {}, but the file is not read: {}", printable(tie->path),
                     tie->variable, quoted(tie->name), others),
         "set recursive_version_locations = true (or pass --recursive-version-locations), or name "
         "its folder in version_locations or with --versions-path; if Alembic does not read it "
         "either, move it out of the versions folder",
         {tie->path}});
  } else if (unread.count > 0) {
    const std::string first = printable(unread.first);
    result.warnings.push_back(fmt::format(
        "{}: without recursive_version_locations only the files right in a versions folder count",
        unread.count == 1
            ? fmt::format("{} looks like a migration and is not read", first)
            : fmt::format("{} files in subfolders look like migrations and are not read, for "
                          "instance {}",
                          unread.count, first)));
  }
  if (!unread.searched_all) {
    result.warnings.push_back(
        "the versions folders have more subfolders and files than were looked through for "
        "migrations that are not read");
  }
}

}  // namespace

ScriptDirectory read_script_directory(const GitTree& tree, const ScriptSettings& settings,
                                      const Stop& stop) {
  stop.check("looking for the script directory");
  need_likely_files(tree, settings);
  VersionLocations where = find_version_locations(tree, settings);
  VersionFiles found =
      list_version_files(tree, where.folders, where.recursive, where.sourceless, stop);

  ScriptDirectory result;
  result.script_location = std::move(where.script_location);
  result.version_locations = where.folders;
  result.warnings = std::move(where.warnings);
  append(result.warnings, std::move(found.warnings));
  result.problems = std::move(found.problems);

  need_migrations(tree, found);

  ModuleSources modules{tree, std::move(where.import_roots)};
  result.revisions.reserve(found.files.size());
  for (const VersionFile& file : found.files) {
    stop.check("reading migrations");
    const std::string source = tree.read(file.entry);
    RevisionFile read =
        revision_from(read_module_variables(source, modules.loader_for(file.path)), file.path);
    if (read.revision) {
      read.revision->blob = file.entry.object_id;
      result.revisions.push_back(*std::move(read.revision));
    }
    append(result.problems, std::move(read.problems));
    append(result.warnings, std::move(read.warnings));
  }

  UnreadMigrations unread;
  if (!found.skipped_folders.empty()) {
    std::vector<std::string> locations;
    for (const std::string& folder : where.folders) {
      locations.push_back(tree.real_path(folder).value_or(folder));
    }
    unread = find_unread_migrations(tree, found.skipped_folders, locations, result.revisions,
                                    modules, stop);
    report_unread(unread, result);
  }
  if (found.files.empty() && result.problems.empty()) refuse_empty(where.folders, unread.first);
  std::stable_sort(result.problems.begin(), result.problems.end(),
                   [](const Problem& a, const Problem& b) { return a.files < b.files; });
  return result;
}

}  // namespace drift::migrations
