#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/check/aws_access.h"
#include "drift/check/codebase.h"
#include "drift/cli/commands.h"
#include "drift/cli/operations_output.h"
#include "migrations/revision_search.h"

namespace drift::cli {
namespace {

using migrations::Commit;
using migrations::FoundRevision;
using migrations::RefTip;
using migrations::Removal;
using migrations::RevisionSearch;
using Where = FoundRevision::Where;

// ----------------------------------------------------------------------------------------- JSON

const char* word_of(Where where) {
  switch (where) {
    case Where::kInRef: return "in_ref";
    case Where::kElsewhere: return "elsewhere";
    case Where::kRemoved: return "removed";
    case Where::kNowhere: break;
  }
  return "nowhere";
}

nlohmann::ordered_json document_of(const std::optional<Commit>& commit) {
  if (!commit) return nullptr;
  return {{"commit", commit->id},
          {"author", valid_utf8(commit->author)},
          {"date", rfc3339(commit->committed_at)},
          {"subject", valid_utf8(commit->summary)}};
}

// A tag and a branch may share a name; then git, too, wants to be told which.
std::vector<std::string> names_of(const std::vector<RefTip>& tips) {
  std::map<std::string, int> times;
  for (const RefTip& tip : tips) ++times[tip.name];
  std::vector<std::string> names;
  for (const RefTip& tip : tips) {
    const char* prefix = times[tip.name] == 1                      ? ""
                         : tip.kind == RefTip::Kind::kTag          ? "tags/"
                         : tip.kind == RefTip::Kind::kRemoteBranch ? "remotes/"
                                                                   : "heads/";
    names.push_back(prefix + valid_utf8(tip.name));
  }
  return names;
}

nlohmann::ordered_json document_of(const FoundRevision& found, const std::string& ref,
                                   bool shallow) {
  const auto known = [](const std::string& text) {
    return text.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(valid_utf8(text));
  };
  nlohmann::ordered_json document;
  document["revision"] = valid_utf8(found.revision);
  document["found"] = word_of(found.where);
  document["file"] = known(found.file);
  document["message"] = known(found.message);
  document["refs"] =
      found.where == Where::kInRef ? std::vector{valid_utf8(ref)} : names_of(found.tips);
  document["introduced"] = document_of(found.introduced);
  document["removed"] =
      document_of(found.removed ? std::optional(found.removed->commit) : std::nullopt);
  document["searched"] = {{"refs", found.refs}, {"commits", found.commits}, {"shallow", shallow}};
  return document;
}

// ---------------------------------------------------------------------------------------- words

std::string shown(const RefTip& tip) {
  return (tip.kind == RefTip::Kind::kTag ? "tag " : "") + printable(tip.name);
}

// "a, b and c", or the first of very many.
std::string shown(const std::vector<RefTip>& tips) {
  constexpr std::size_t kMost = 5;
  std::string text;
  for (std::size_t i = 0; i < tips.size(); ++i) {
    if (i == kMost && tips.size() > kMost + 1) {
      return text + fmt::format(" and {} more", tips.size() - kMost);
    }
    if (i > 0) text += i + 1 == tips.size() ? " and " : ", ";
    text += shown(tips[i]);
  }
  return text;
}

std::string shown(const Commit& commit) {
  return fmt::format("commit {} of {} ({}: {})", commit.id.substr(0, 12),
                     rfc3339(commit.committed_at).substr(0, 10), shortened(commit.author),
                     shortened(commit.summary));
}

std::string introduction(const FoundRevision& found, bool shallow) {
  if (found.introduced) return fmt::format("It came with {}.", shown(*found.introduced));
  if (shallow) {
    return "Which commit introduced it is not known: the history of this shallow clone ends "
           "before.";
  }
  return "Which commit introduced it is not known.";
}

// "removed a.py", as what the commit did.
std::string removal(const FoundRevision& found, const Removal& removed) {
  if (removed.other && removed.other->empty()) {
    return fmt::format("rewrote {}, whose revision id cannot be known since",
                       printable(found.file));
  }
  if (removed.other) {
    return fmt::format("gave {} the revision id {}", printable(found.file),
                       drift::quoted(*removed.other));
  }
  std::string text = fmt::format("removed {}", printable(found.file));
  if (removed.others > 0) {
    text += fmt::format(" and {}", counted(removed.others, "other migration"));
  }
  return text;
}

std::string elsewhere(const FoundRevision& found, const std::string& ref, bool shallow) {
  if (found.outside_folders) {
    std::string text = fmt::format(
        "is no migration of {}: its Alembic configuration does not name "
        "the folder of {}. ",
        ref, printable(found.file));
    if (!found.tips.empty()) {
      text += fmt::format("The file is in {}. ", shown(found.tips));
    }
    return text + introduction(found, shallow);
  }
  std::string text = fmt::format("is not in {}, but in {}, as {}. {} ", ref, shown(found.tips),
                                 printable(found.file), introduction(found, shallow));
  if (found.removed) {
    return text + fmt::format("{} had it until {} {}.", ref, shown(found.removed->commit),
                              removal(found, *found.removed));
  }
  if (shallow) {
    return text + fmt::format(
                      "Whether {} once had it cannot be told: the history of this shallow "
                      "clone ends before.",
                      ref);
  }
  if (!found.certain) {
    return text + fmt::format(
                      "Whether {} once had it cannot be told: some files could not be "
                      "read.",
                      ref);
  }
  return text +
         fmt::format("No commit of {} has it: as its history is now, it was not merged.", ref);
}

std::string removed(const FoundRevision& found, const std::string& ref, bool shallow) {
  const Removal& removed = *found.removed;
  const std::string line =
      removed.line ? fmt::format("in {}, not in {}", shown(*removed.line), ref) : "in " + ref;
  return fmt::format(
      "is not in {}, nor in any other branch or tag that is here. {} It ended with {}, which {}. "
      "That commit is {}. A database at this revision was migrated before it, or without it.",
      ref, introduction(found, shallow), shown(removed.commit), removal(found, removed), line);
}

std::string nowhere(const FoundRevision& found, bool shallow) {
  const std::string searched =
      fmt::format("{} and {}", counted(found.refs, "ref"), counted(found.commits, "commit"));
  if (found.certain) {
    return fmt::format(
        "is nowhere: no migration in {} has this id. It was never committed to these "
        "versions folders, or its branch never came here or is gone with its "
        "commits.",
        searched);
  }
  std::string text =
      fmt::format("was not found in {}, but that does not say that it is nowhere: ", searched);
  if (shallow) {
    return text +
           "this is a shallow clone, and what is before its history cannot be seen here. "
           "`git fetch --unshallow` completes it.";
  }
  return text + "what could not be read may have it.";
}

std::string paragraph(const FoundRevision& found, const std::string& ref, bool shallow) {
  std::string text;
  if (found.asked != found.revision) {
    text += fmt::format("{} abbreviates {}. ", printable(found.asked), printable(found.revision));
  }
  text += printable(found.revision);
  if (!found.message.empty()) {
    text += fmt::format(
        " ({})",
        shortened(std::string_view(found.message).substr(0, found.message.find_first_of("\r\n"))));
  }
  text += ' ';
  switch (found.where) {
    case Where::kInRef:
      text += fmt::format("is in {}, as {}. {}", ref, printable(found.file),
                          introduction(found, shallow));
      break;
    case Where::kElsewhere: text += elsewhere(found, ref, shallow); break;
    case Where::kRemoved: text += removed(found, ref, shallow); break;
    case Where::kNowhere: text += nowhere(found, shallow); break;
  }
  return text + '\n';
}

int exit_code(const RevisionSearch& search) {
  int code = 0;
  for (const FoundRevision& found : search.revisions) {
    if (found.where == Where::kNowhere) code = std::max(code, found.certain ? 1 : 2);
  }
  return code;
}

const pending::RevisionOperations* operations_of(const FoundRevision& found,
                                                 const pending::UpgradeOperations& operations) {
  if (found.where != Where::kInRef) return nullptr;
  for (const pending::RevisionOperations& one : operations.revisions) {
    if (one.revision == found.revision) return &one;
  }
  return nullptr;
}

// Those that the ref has change places among themselves, into upgrade order.
void put_in_order(std::vector<FoundRevision>& revisions,
                  const pending::UpgradeOperations& operations) {
  std::vector<FoundRevision*> places;
  std::vector<FoundRevision> present;
  for (FoundRevision& found : revisions) {
    if (operations_of(found, operations) == nullptr) continue;
    places.push_back(&found);
    present.push_back(found);
  }
  std::stable_sort(present.begin(), present.end(),
                   [&](const FoundRevision& a, const FoundRevision& b) {
                     return operations_of(a, operations) < operations_of(b, operations);
                   });
  for (std::size_t i = 0; i < places.size(); ++i) *places[i] = std::move(present[i]);
}

// Without a word: what all revisions of the ref do, and nothing of their history.
int explain_all(const pending::UpgradeOperations& operations, const std::string& ref,
                int server_version, bool said, Format format) {
  std::string text;
  if (format == Format::kJson) {
    nlohmann::ordered_json document;
    document["server_version"] = server_version;
    document["revisions"] = nlohmann::ordered_json::array();
    for (const pending::RevisionOperations& one : operations.revisions) {
      document["revisions"].push_back({{"revision", valid_utf8(one.revision)},
                                       {"found", word_of(Where::kInRef)},
                                       {"file", valid_utf8(one.file)},
                                       {"message", valid_utf8(one.message)},
                                       {"refs", {valid_utf8(ref)}},
                                       {"operations", operations_document(one)},
                                       {"tables", locks_document(one.tables)}});
    }
    text = document.dump(2) + "\n";
  } else {
    for (const pending::RevisionOperations& one : operations.revisions) {
      text += printable(one.revision);
      if (!one.message.empty()) text += "  " + shortened(one.message);
      text += "\n" + operations_text(one);
    }
    text += operations_summary(operations, server_version, said);
  }
  write_fully(1, text);
  return 0;
}

}  // namespace

int run_explain(const Context& context, const std::vector<std::string>& words) {
  const config::Options& options = context.resolved.targets.front();
  std::vector<std::string> asked = words;
  for (const std::string& one : options.revision.value_or(std::vector<std::string>{})) {
    asked.push_back(one);
  }
  const bool said = options.server_version.has_value();
  const int server_version =
      said ? config::whole_number("--server-version", *options.server_version,
                                  pending::kOldestServer, pending::kNewestServer)
           : pending::kNewestServer;
  const auto settings = config::codebase_settings(options, context.resolved.run);
  static const SystemClock clock;
  check::AwsAccess aws(clock);
  const check::OpenedRepository opened =
      check::open_codebase(settings, aws.source(), *context.stop, *context.log);
  const std::string ref = settings.ref.empty() ? "HEAD" : settings.ref;
  if (asked.empty()) {
    const auto all = pending::read_operations(opened.tree, settings.script, {}, true,
                                              server_version, *context.stop);
    for (const std::string& warning : all.warnings) context.log->warning(warning);
    return explain_all(all, ref, server_version, said, context.format);
  }
  RevisionSearch search = migrations::search_revisions(opened.repository, opened.tree, ref,
                                                       settings.script, asked, *context.stop);
  for (const std::string& warning : search.warnings) context.log->warning(warning);
  std::vector<std::string> present;
  for (const FoundRevision& found : search.revisions) {
    if (found.where == Where::kInRef) present.push_back(found.revision);
  }
  pending::UpgradeOperations operations;
  if (!present.empty()) {
    operations = pending::read_operations(opened.tree, settings.script, present, false,
                                          server_version, *context.stop);
    put_in_order(search.revisions, operations);
  }
  for (const std::string& warning : operations.warnings) context.log->warning(warning);
  std::string text;
  if (context.format == Format::kJson) {
    nlohmann::ordered_json document;
    document["server_version"] = server_version;
    document["revisions"] = nlohmann::ordered_json::array();
    for (const FoundRevision& found : search.revisions) {
      document["revisions"].push_back(document_of(found, ref, search.shallow));
      const auto* own = operations_of(found, operations);
      auto& last = document["revisions"].back();
      last["operations"] = own != nullptr ? operations_document(*own) : nlohmann::ordered_json();
      last["tables"] = own != nullptr ? locks_document(own->tables) : nlohmann::ordered_json();
    }
    text = document.dump(2) + "\n";
  } else {
    for (const FoundRevision& found : search.revisions) {
      if (!text.empty()) text += '\n';
      text += paragraph(found, printable(ref), search.shallow);
      if (const auto* own = operations_of(found, operations)) text += operations_text(*own);
    }
    if (const std::string summary = operations_summary(operations, server_version, said);
        !summary.empty()) {
      text += '\n' + summary;
    }
  }
  write_fully(1, text);
  return exit_code(search);
}

}  // namespace drift::cli
