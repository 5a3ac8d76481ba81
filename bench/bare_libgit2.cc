// The least that any reader of migrations over libgit2 must do: open the repository and read every
// blob of one folder at HEAD. `schema-drift heads` is measured against it on the same repository.
//
//   bare_libgit2 REPOSITORY FOLDER [--unverified]     prints the number of files and of bytes
//
// libgit2 compares each object with its hash unless it is told not to, which --unverified does.
#include <git2.h>

#include <cstddef>
#include <cstdio>
#include <cstring>

namespace {

int fail(const char* what) {
  const git_error* error = git_error_last();
  std::fprintf(stderr, "bare_libgit2: %s: %s\n", what, error ? error->message : "no reason given");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const bool unverified = argc == 4 && std::strcmp(argv[3], "--unverified") == 0;
  if (argc != 3 && !unverified) {
    std::fprintf(stderr, "usage: bare_libgit2 REPOSITORY FOLDER [--unverified]\n");
    return 64;
  }
  git_libgit2_init();
  if (unverified) git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
  git_repository* repository = nullptr;
  if (git_repository_open(&repository, argv[1]) != 0) return fail(argv[1]);
  git_object* root = nullptr;
  if (git_revparse_single(&root, repository, "HEAD^{tree}") != 0) return fail("HEAD");
  git_object* folder = nullptr;
  if (git_object_lookup_bypath(&folder, root, argv[2], GIT_OBJECT_TREE) != 0) return fail(argv[2]);

  const auto* tree = reinterpret_cast<const git_tree*>(folder);
  std::size_t files = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < git_tree_entrycount(tree); ++i) {
    const git_tree_entry* entry = git_tree_entry_byindex(tree, i);
    if (git_tree_entry_type(entry) != GIT_OBJECT_BLOB) continue;
    git_blob* blob = nullptr;
    if (git_blob_lookup(&blob, repository, git_tree_entry_id(entry)) != 0) {
      return fail(git_tree_entry_name(entry));
    }
    bytes += static_cast<std::size_t>(git_blob_rawsize(blob));
    ++files;
    git_blob_free(blob);
  }
  std::printf("%zu files, %zu bytes\n", files, bytes);

  git_object_free(folder);
  git_object_free(root);
  git_repository_free(repository);
  git_libgit2_shutdown();
  return 0;
}
