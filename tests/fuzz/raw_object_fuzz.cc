// Commits and trees come from whoever can push: whatever their bytes are, they are read inside
// their bounds or refused. Input: the bytes of a commit, or of a tree.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "drift/base/error.h"
#include "migrations/git/raw_object.h"

namespace {

using drift::Error;
using drift::migrations::kNoTree;
using drift::migrations::ObjectId;
using drift::migrations::RawEntry;

void require(bool condition) {
  if (!condition) std::abort();
}

bool opposite(int one, int other) { return (one < 0) == (other > 0) && (one > 0) == (other < 0); }

void require_refusal(const Error& error) {
  require(error.fault == drift::Fault::kRepositoryUnreadable);
}

void read_commit(std::string_view bytes) {
  try {
    const auto commit = drift::migrations::parse_commit(bytes);
    require(commit.parents.size() <= bytes.size() / 40);
  } catch (const Error& error) {
    require_refusal(error);
  }
}

void read_tree(std::string_view bytes) {
  const char* const begin = bytes.data();
  const char* const end = begin + bytes.size();
  try {
    std::string_view rest = bytes;
    RawEntry entry, before;
    std::size_t count = 0;
    while (drift::migrations::next_entry(rest, entry)) {
      require(entry.name.data() >= begin && entry.name.data() + entry.name.size() <= end);
      require(rest.size() <= bytes.size());
      if (count++ > 0) require(opposite(compare(before, entry), compare(entry, before)));
      before = entry;
      require(count <= bytes.size());
    }
    require(rest.empty());
  } catch (const Error& error) {
    require_refusal(error);
  }
}

// The same tree under every id: a folder in itself, as deep as the path goes.
void walk(const std::string& bytes) {
  const drift::migrations::ReadObject read = [&](const ObjectId&) { return std::optional(bytes); };
  drift::migrations::FolderTrees trees({"a", "a/a/a", "", "versions"}, read);
  ObjectId root{};
  root[0] = 1;
  try {
    require(trees.below(root).size() == 4);
    require(trees.below(root) == trees.below(root));
  } catch (const Error& error) {
    require_refusal(error);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  read_commit(bytes);
  read_tree(bytes);
  walk(bytes);
  return 0;
}
