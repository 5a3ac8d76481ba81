// The repository's side of a comparison.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "drift/aws/client.h"
#include "drift/verdict/standing.h"
#include "migrations/git/repository.h"
#include "migrations/revision_graph.h"
#include "migrations/script_directory.h"

namespace drift::pending {
class Upgrades;
}

namespace drift::check {

// Where the migrations are.
struct CodebaseSettings {
  std::string repository;
  std::string ref;  // "" is HEAD
  migrations::ScriptSettings script;
  migrations::RemoteAccess remote;
  // A secret that holds the token of a GitHub repository, read where `remote` has none; "" for
  // none.
  std::string token_secret;

  bool operator==(const CodebaseSettings&) const = default;
};

// What look_elsewhere found, by the rows that were looked for.
struct RowSearches {
  std::map<std::vector<std::string>, verdict::Elsewhere> done;
  // Why one did not come back: it may still be reading, so that no other may begin.
  std::string left_behind_because;
};

// What the files of pending revisions say, by those revisions: most databases of a fleet lack the
// same ones.
struct UpgradesRead {
  std::map<std::vector<std::string>, std::shared_ptr<const pending::Upgrades>> done;
};

struct Codebase {
  migrations::GitRepository repository;
  migrations::Commit commit;
  std::string script_location;
  // Empty where `problems` has anything.
  migrations::RevisionGraph graph;
  std::vector<migrations::Problem> problems;
  std::vector<std::string> warnings;
  // Held by who compares with it: a repository is for one thread at a time.
  std::unique_ptr<std::mutex> comparing = std::make_unique<std::mutex>();
  // Of all targets; under `comparing`.
  std::unique_ptr<RowSearches> searches = std::make_unique<RowSearches>();
  std::unique_ptr<UpgradesRead> upgrades = std::make_unique<UpgradesRead>();
};

// A repository, and the tree of the ref in it.
struct OpenedRepository {
  migrations::GitRepository repository;
  migrations::GitTree tree;
};

// The first half of `read_codebase`: the token where one must be read, clone or fetch, and the ref.
OpenedRepository open_codebase(const CodebaseSettings& settings, const aws::SessionSource& session,
                               const Stop& stop, const Log& log);

// The second half: the script directory and its graph.
Codebase read_codebase(OpenedRepository opened, const CodebaseSettings& settings, const Stop& stop,
                       const Log& log);

// Reads the revision graph at a ref. What is wrong inside the migration files comes back as
// problems; what keeps us from reading them is thrown (see GitRepository and ScriptDirectory).
// `session` is asked for only where a token must be read.
Codebase read_codebase(const CodebaseSettings& settings, const aws::SessionSource& session,
                       const Stop& stop, const Log& log);

}  // namespace drift::check
