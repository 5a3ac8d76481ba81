#include "migrations/git/raw_object.h"

#include <algorithm>
#include <charconv>

#include "drift/base/error.h"

namespace drift::migrations {
namespace {

[[noreturn]] void throw_damaged(const char* kind) {
  throw Error{Fault::kRepositoryUnreadable, std::string("a ") + kind + " in its history is damaged",
              "run `git fsck` in the repository"};
}

ObjectId parse_id(std::string_view hex) {
  ObjectId id{};
  if (hex.size() != 2 * id.size()) throw_damaged("commit");
  for (std::size_t i = 0; i < id.size(); ++i) {
    const char* digits = hex.data() + 2 * i;
    if (std::from_chars(digits, digits + 2, id[i], 16).ptr != digits + 2) throw_damaged("commit");
  }
  return id;
}

// git writes 40000, 100644, 100755, 120000 and 160000; old ones also 100664.
TreeEntryMode mode_of(std::string_view octal) {
  if (octal.starts_with('4')) return TreeEntryMode::kFolder;
  if (octal.starts_with("12")) return TreeEntryMode::kLink;
  if (octal.starts_with("16")) return TreeEntryMode::kSubmodule;
  return TreeEntryMode::kFile;
}

ObjectId child(std::string_view tree, std::string_view name) {
  RawEntry entry;
  while (next_entry(tree, entry)) {
    if (entry.name == name) return entry.is_folder() ? entry.id : kNoTree;
  }
  return kNoTree;
}

}  // namespace

RawCommit parse_commit(std::string_view raw) {
  RawCommit commit;
  bool has_tree = false;
  while (!raw.empty() && raw.front() != '\n') {
    const std::string_view line = raw.substr(0, raw.find('\n'));
    raw.remove_prefix(std::min(line.size() + 1, raw.size()));
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) continue;  // inside a signature
    const std::string_view key = line.substr(0, space);
    const std::string_view value = line.substr(space + 1);
    if (key == "tree") {
      commit.tree = parse_id(value);
      has_tree = true;
    } else if (key == "parent") {
      commit.parents.push_back(parse_id(value));
    } else if (key == "committer") {
      // "NAME <MAIL> SECONDS ZONE". A broken time only costs precision in what "newest" means.
      const std::size_t mail_end = value.rfind("> ");
      if (mail_end != std::string_view::npos) {
        const std::string_view seconds = value.substr(mail_end + 2);
        std::from_chars(seconds.data(), seconds.data() + seconds.size(), commit.time);
      }
      break;
    }
  }
  if (!has_tree) throw_damaged("commit");
  return commit;
}

// An entry is "MODE NAME\0ID".
bool next_entry(std::string_view& raw, RawEntry& entry) {
  if (raw.empty()) return false;
  const std::size_t space = raw.find(' ');
  const std::size_t end = raw.find('\0');
  if (space == std::string_view::npos || end == std::string_view::npos || end < space ||
      raw.size() - end - 1 < entry.id.size()) {
    throw_damaged("tree");
  }
  entry.mode = mode_of(raw.substr(0, space));
  entry.name = raw.substr(space + 1, end - space - 1);
  std::memcpy(entry.id.data(), raw.data() + end + 1, entry.id.size());
  raw.remove_prefix(end + 1 + entry.id.size());
  return true;
}

// git sorts a folder as though its name ended in '/'.
int compare(const RawEntry& a, const RawEntry& b) {
  const std::size_t common = std::min(a.name.size(), b.name.size());
  if (const int order = std::memcmp(a.name.data(), b.name.data(), common); order != 0) return order;
  const auto next = [common](const RawEntry& entry) -> int {
    if (entry.name.size() > common) return static_cast<unsigned char>(entry.name[common]);
    return entry.is_folder() ? '/' : 0;
  };
  return next(a) - next(b);
}

std::string read_tree(const ObjectId& id, const ReadObject& read) {
  if (id == kNoTree) return {};
  std::optional<std::string> raw = read(id);
  // A commit without its tree is damage, unlike a commit without its parents.
  if (!raw) {
    throw Error{Fault::kRepositoryUnreadable, "a tree in its history is missing",
                "run `git fsck` in the repository; a partial clone lacks what it was told to "
                "leave out"};
  }
  return *std::move(raw);
}

FolderTrees::FolderTrees(const std::vector<std::string>& folders, const ReadObject& read)
    : read_(read) {
  for (std::string_view path : folders) {
    Folder& folder = folders_.emplace_back();
    while (!path.empty()) {
      const std::string_view component = path.substr(0, path.find('/'));
      folder.components.emplace_back(component);
      path.remove_prefix(std::min(component.size() + 1, path.size()));
    }
    folder.steps.resize(folder.components.size());
  }
}

std::vector<ObjectId> FolderTrees::below(const ObjectId& root_id) {
  std::vector<ObjectId> result;
  std::string root;  // read once for all folders
  for (Folder& folder : folders_) {
    result.push_back(folder.components.empty() ? root_id : resolve(folder, root_id, root));
  }
  return result;
}

ObjectId FolderTrees::resolve(Folder& folder, const ObjectId& root_id, std::string& root) {
  if (root.empty()) root = read_tree(root_id, read_);
  ObjectId id = child(root, folder.components.front());
  for (std::size_t depth = 1; depth < folder.components.size() && id != kNoTree; ++depth) {
    const auto [step, is_new] = folder.steps[depth].emplace(id, kNoTree);
    if (is_new) step->second = child(read_tree(id, read_), folder.components[depth]);
    id = step->second;
  }
  return id;
}

}  // namespace drift::migrations
