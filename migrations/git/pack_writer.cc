#include "migrations/git/pack_writer.h"

#include <fmt/format.h>

#include <filesystem>

#include "drift/base/error.h"
#include "migrations/git/remote.h"

namespace drift::migrations {

PackWriter::PackWriter(const std::string& clone, const RepositoryLocation& location,
                       const PackLimits& limits, const Stop& stop)
    : location_(location), stop_(stop), guard_(limits) {
  git_indexer_options options;
  git_indexer_options_init(&options, GIT_INDEXER_OPTIONS_VERSION);
  options.verify = 0;  // see the header
  options.progress_cb_payload = const_cast<Stop*>(&stop_);
  options.progress_cb = [](const git_indexer_progress*, void* run) {
    return static_cast<const Stop*>(run)->due() ? GIT_EUSER : 0;
  };
  const std::string folder = clone + "/objects/pack";
  // libgit2 1.5 loses memory where it cannot begin.
  if (std::error_code failure; !std::filesystem::is_directory(folder, failure)) {
    throw cannot_be_written(folder + " is not there");
  }
  git_indexer* raw = nullptr;
  // Without an object database: a delta whose base is not in the pack is refused.
  check(git_indexer_new(&raw, folder.c_str(), 0600, nullptr, &options));
  indexer_.reset(raw);
}

void PackWriter::check(int code) const {
  if (code == 0) return;
  const std::string message = last_message();
  const git_error* last = git_error_last();
  const int kind = last == nullptr ? GIT_ERROR_NONE : last->klass;
  stop_.check("reading the remote repository");
  if (kind == GIT_ERROR_INDEXER || kind == GIT_ERROR_ZLIB || kind == GIT_ERROR_ODB) {
    throw damaged_pack(location_, message);
  }
  throw cannot_be_written(message);
}

Error PackWriter::cannot_be_written(const std::string& why) const {
  return Error{
      Fault::kCacheUnusable,
      fmt::format("the clone of {} cannot be brought up to date: {}", location_.url, why),
      "--cache-dir names a folder that this user may write, on a disk with room for a bare clone",
      true};
}

void PackWriter::take(std::string_view bytes) {
  try {
    guard_.take(bytes);
  } catch (const Error& error) {
    throw damaged_pack(location_, error.what());
  }
  check(git_indexer_append(indexer_.get(), bytes.data(), bytes.size(), &progress_));
}

std::uint32_t PackWriter::finish() {
  if (!guard_.whole()) throw damaged_pack(location_, "it ends in the middle");
  if (guard_.objects() > 0) check(git_indexer_commit(indexer_.get(), &progress_));
  return guard_.objects();
}

void remove_unfinished_packs(const std::string& clone) {
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(clone + "/objects/pack", failure)) {
    const std::string name = entry.path().filename().string();
    // "pack_git2_..." is how libgit2 calls a pack that still grows.
    if (name.starts_with("pack_git2_")) std::filesystem::remove(entry.path(), failure);
  }
}

}  // namespace drift::migrations
