#include "drift/verdict/where_found.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string_view>

#include "drift/base/clock.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"

namespace drift::verdict {

using migrations::Commit;
using migrations::FoundRevision;
using migrations::RefTip;
using migrations::Removal;
using Where = FoundRevision::Where;

namespace {

std::string tip_text(const RefTip& tip) {
  return (tip.kind == RefTip::Kind::kTag ? "tag " : "") + printable(tip.name);
}

}  // namespace

// "a, b and c", or the first of very many.
std::string shown(const std::vector<RefTip>& tips) {
  constexpr std::size_t kMost = 5;
  std::string text;
  for (std::size_t i = 0; i < tips.size(); ++i) {
    if (i == kMost && tips.size() > kMost + 1) {
      return text + fmt::format(" and {} more", tips.size() - kMost);
    }
    if (i > 0) text += i + 1 == tips.size() ? " and " : ", ";
    text += tip_text(tips[i]);
  }
  return text;
}

std::string shown(const Commit& commit) {
  return fmt::format("commit {} of {} ({}: {})", commit.id.substr(0, 12),
                     rfc3339(commit.committed_at).substr(0, 10), shortened(commit.author),
                     shortened(commit.summary));
}

std::string shown_message(const FoundRevision& found) {
  if (found.message.empty()) return {};
  const std::string_view message = found.message;
  return fmt::format(" ({})", shortened(message.substr(0, message.find_first_of("\r\n"))));
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

namespace {

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
      removed.line ? fmt::format("in {}, not in {}", tip_text(*removed.line), ref) : "in " + ref;
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

}  // namespace

std::string where_found(const FoundRevision& found, const std::string& ref, bool shallow) {
  switch (found.where) {
    case Where::kInRef:
      return fmt::format("is in {}, as {}. {}", ref, printable(found.file),
                         introduction(found, shallow));
    case Where::kElsewhere: return elsewhere(found, ref, shallow);
    case Where::kRemoved: return removed(found, ref, shallow);
    case Where::kNowhere: break;
  }
  return nowhere(found, shallow);
}

}  // namespace drift::verdict
