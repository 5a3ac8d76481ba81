#include "migrations/revision_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "drift/base/printable.h"
#include "drift/base/python_ini.h"
#include "migrations/git/tree_path.h"
#include "migrations/python/module_variables.h"

// The rules are those of alembic.script.base.Script and alembic.script.revision.Revision, read
// from the behaviour of Alembic 1.20: https://alembic.sqlalchemy.org/en/latest/api/script.html

namespace drift::migrations {
namespace {

using Kind = ModuleValue::Kind;

// `_legacy_rev` of alembic/script/base.py.
std::optional<std::string> legacy_id(std::string_view name) {
  constexpr std::string_view kSuffix = ".py";
  if (name.size() <= kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
  name.remove_suffix(kSuffix.size());
  if (name.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
  return std::string{name};
}

class Reading {
 public:
  Reading(ModuleVariables& variables, const std::string& path, RevisionFile& file)
      : variables_(variables), path_(path), file_(file) {}

  void read() {
    if (variables_.syntax_error) {
      const auto& [message, line] = *variables_.syntax_error;
      report(Fault::kSyntax, at(line, message),
             "Alembic cannot load the file either: mend it, or move it out of the versions folder");
      return;
    }
    Revision& revision = file_.revision.emplace();
    revision.id = id();
    revision.down_revisions = down_revisions();
    revision.dependencies = dependencies();
    revision.branch_labels = branch_labels();
    if (!file_.problems.empty()) return file_.revision.reset();
    if (const auto& doubt = variables_.doubt) {
      file_.warnings.push_back(
          at(doubt->line, fmt::format("'{}' could change the variables of this file, which are "
                                      "taken as they are written",
                                      printable(doubt->what))));
    }
    DocstringFacts facts = read_docstring(variables_.docstring);
    revision.message = std::move(facts.message);
    revision.create_date = std::move(facts.create_date);
    revision.path = path_;
  }

 private:
  std::string at(int line, std::string_view what) const {
    return fmt::format("{}:{}: {}", printable(path_), line, what);
  }

  void report(Fault kind, std::string message, std::string hint) {
    file_.problems.push_back({kind, std::move(message), std::move(hint), {path_}});
  }

  std::string source(const ModuleValue& value) const {
    return shortened(python_strip(value.source_line).text);
  }

  void report_unknown(const ModuleValue& value, std::string_view name) {
    report(Fault::kUnknownValue,
           at(value.line,
              fmt::format("cannot know {} without running the file: {}", name, source(value))),
           value.reason.empty() ? "write it as a plain string, or a tuple of them"
                                : fmt::format("{}; write it as a plain string, or a tuple of them",
                                              printable(value.reason)));
  }

  std::string id() {
    ModuleValue& value = variables_.revision;
    constexpr const char* kHint = "a revision id is one string that is not empty";
    switch (value.kind) {
      case Kind::kAbsent:
        if (auto id = legacy_id(base_name(path_))) return *std::move(id);
        report(Fault::kMissingVariable,
               fmt::format("{}: the variable revision is missing", printable(path_)),
               "Alembic refuses every .py file here that is not a migration: set the variable, or "
               "move the file out of the versions folder");
        break;
      case Kind::kUnknown: report_unknown(value, "revision"); break;
      case Kind::kString:
        if (!value.strings[0].empty()) return std::move(value.strings[0]);
        report(Fault::kInvalidRevisionId, at(value.line, "revision is empty"), kHint);
        break;
      case Kind::kNone:
      case Kind::kStrings:
        report(Fault::kInvalidRevisionId,
               at(value.line, "revision is not a string: " + source(value)), kHint);
    }
    return {};
  }

  // An empty string is an id that no file has: Alembic fails with KeyError('').
  bool refused_as_empty(const ModuleValue& value, std::string_view name, std::string_view instead) {
    if (std::find(value.strings.begin(), value.strings.end(), "") == value.strings.end()) {
      return false;
    }
    report(Fault::kMissingRevision,
           at(value.line, fmt::format("{} names the empty string, which is not a revision: {}",
                                      name, source(value))),
           fmt::format("Alembic fails here with KeyError(''); {}", instead));
    return true;
  }

  static std::vector<std::string> distinct(std::vector<std::string> strings) {
    if (strings.size() < 2) return strings;
    std::vector<std::string> result;
    std::set<std::string_view> seen;  // a hostile file may name a hundred thousand
    for (const std::string& one : strings) {
      if (seen.insert(one).second) result.push_back(one);
    }
    return result;
  }

  std::vector<std::string> down_revisions() {
    ModuleValue& value = variables_.down_revision;
    if (value.kind == Kind::kUnknown) report_unknown(value, "down_revision");
    if (value.kind == Kind::kAbsent) {
      report(Fault::kMissingVariable,
             fmt::format("{}: the variable down_revision is missing", printable(path_)),
             "Alembic refuses the file: write down_revision = None for a first migration");
    }
    if (refused_as_empty(value, "down_revision", "write None for a first migration")) return {};
    return distinct(std::move(value.strings));
  }

  std::vector<std::string> dependencies() {
    ModuleValue& value = variables_.depends_on;
    if (value.kind == Kind::kUnknown) report_unknown(value, "depends_on");
    // Alone it counts as nothing, since Alembic makes one string of a tuple of one.
    if (value.strings.size() == 1 && value.strings.front().empty()) return {};
    if (refused_as_empty(value, "depends_on", "leave the empty string out")) return {};
    return distinct(std::move(value.strings));
  }

  std::vector<std::string> branch_labels() {
    ModuleValue& value = variables_.branch_labels;
    if (value.kind == Kind::kUnknown) {
      file_.warnings.push_back(
          at(value.line,
             "cannot know branch_labels without running the file, so its labels are "
             "missing here: " +
                 source(value)));
    }
    // With repetitions: Alembic refuses them, and the graph says so.
    return std::move(value.strings);
  }

  ModuleVariables& variables_;  // what it gives is moved from there
  const std::string& path_;
  RevisionFile& file_;
};

}  // namespace

RevisionFile revision_from(ModuleVariables variables, const std::string& path) {
  RevisionFile file;
  Reading{variables, path, file}.read();
  return file;
}

DocstringFacts read_docstring(std::string_view docstring) {
  constexpr std::string_view kCreateDate = "Create Date:";
  DocstringFacts facts;
  std::string_view rest = python_strip(docstring).text;
  facts.message = rest.substr(0, rest.find("\n\n"));
  for (std::size_t at = rest.find(kCreateDate), end = 0; at != rest.npos;
       at = rest.find(kCreateDate, end)) {
    const std::size_t begin = rest.rfind('\n', at) + 1;
    end = std::min(rest.find('\n', at), rest.size());
    if (!python_strip(rest.substr(begin, at - begin)).text.empty()) continue;
    at += kCreateDate.size();
    facts.create_date = python_strip(rest.substr(at, end - at)).text;
    break;
  }
  return facts;
}

}  // namespace drift::migrations
