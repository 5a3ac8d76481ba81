#include "drift/check/codebase.h"

#include <iterator>
#include <utility>

#include "drift/aws/services/secrets.h"
#include "migrations/git/repository_location.h"

namespace drift::check {

OpenedRepository open_codebase(const CodebaseSettings& settings, const aws::SessionSource& session,
                               const Stop& stop, const Log& log) {
  migrations::RemoteAccess remote = settings.remote;
  if (remote.token.empty() && !settings.token_secret.empty()) {
    aws::Session& aws = session();
    const aws::SecretText token{
        "token", {"token", "github_token", "GITHUB_TOKEN", "access_token", "password"}, true};
    remote.token = aws::text_of_secret(aws::secret_value(aws, settings.token_secret, stop),
                                       settings.token_secret, token);
  }
  auto repository = migrations::GitRepository::open(settings.repository, remote, stop, log);
  migrations::GitTree tree = repository.tree_at(settings.ref);
  log.info("repository opened", {{"repository", migrations::shown_repository(settings.repository)},
                                 {"commit", tree.commit().id}});
  return {std::move(repository), std::move(tree)};
}

Codebase read_codebase(const CodebaseSettings& settings, const aws::SessionSource& session,
                       const Stop& stop, const Log& log) {
  return read_codebase(open_codebase(settings, session, stop, log), settings, stop, log);
}

Codebase read_codebase(OpenedRepository opened, const CodebaseSettings& settings, const Stop& stop,
                       const Log& log) {
  const migrations::GitTree& tree = opened.tree;
  auto directory = migrations::read_script_directory(tree, settings.script, stop);

  Codebase codebase{std::move(opened.repository),         tree.commit(),
                    std::move(directory.script_location), {},
                    std::move(directory.problems),        std::move(directory.warnings),
                    std::make_unique<std::mutex>(),       std::make_unique<RowSearches>(),
                    std::make_unique<UpgradesRead>()};
  // A graph with holes where unreadable files should be would only add problems that are not there.
  if (!codebase.problems.empty()) return codebase;
  auto built = migrations::RevisionGraph::build(std::move(directory.revisions));
  codebase.graph = std::move(built.graph);
  codebase.problems = std::move(built.problems);
  codebase.warnings.insert(codebase.warnings.end(), std::make_move_iterator(built.warnings.begin()),
                           std::make_move_iterator(built.warnings.end()));
  log.info("revision graph read",
           {{"script_location", codebase.script_location},
            {"revisions", std::to_string(codebase.graph.revisions().size())}});
  return codebase;
}

}  // namespace drift::check
