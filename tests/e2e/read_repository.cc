// Opens a repository and prints what it finds as JSON, so that a suite can put real servers before
// the git side alone.
//   read_repository LOCATION CACHE_DIR [REF]
// From the environment: SCHEMA_DRIFT_GIT_TOKEN, SCHEMA_DRIFT_SSH_KEY, TIMEOUT_MS,
// MAX_FETCH_BYTES.
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "drift/base/error.h"
#include "migrations/git/repository.h"

namespace {

using nlohmann::ordered_json;

std::string environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

ordered_json files_below(const drift::migrations::GitTree& tree, const std::string& folder) {
  using Kind = drift::migrations::TreeEntry::Kind;
  ordered_json files = ordered_json::object();
  const auto entries = tree.list(folder);
  for (const auto& entry : *entries) {
    const std::string path = folder.empty() ? entry.name : folder + '/' + entry.name;
    if (entry.kind == Kind::kDirectory) files.update(files_below(tree, path));
    if (entry.kind == Kind::kFile) files[path] = tree.read(entry).size();
  }
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 64;
  std::signal(SIGPIPE, SIG_IGN);  // as the program does
  drift::migrations::RemoteAccess access;
  access.token = environment("SCHEMA_DRIFT_GIT_TOKEN", "");
  access.ssh_key = environment("SCHEMA_DRIFT_SSH_KEY", "");
  access.cache_dir = argv[2];
  if (const std::string most = environment("MAX_FETCH_BYTES", ""); !most.empty()) {
    access.max_fetch_bytes = std::stoull(most);
  }
  const drift::Stop stop(std::chrono::milliseconds(std::stoi(environment("TIMEOUT_MS", "60000"))));
  const drift::Log log(drift::LogFormat::kJson, drift::LogLevel::kInfo);
  ordered_json answer;
  try {
    const auto repository = drift::migrations::GitRepository::open(argv[1], access, stop, log);
    answer["url"] = repository.url();
    const auto tree = repository.tree_at(argc > 3 ? argv[3] : "");
    answer["commit"] = tree.commit().id;
    answer["files"] = files_below(tree, "");
  } catch (const drift::Error& error) {
    answer["error"] = {{"kind", drift::fault_name(error.fault)},
                       {"message", error.what()},
                       {"hint", error.hint},
                       {"retryable", error.retryable}};
  }
  std::cout << answer.dump() << '\n';
  return answer.contains("error") ? 2 : 0;
}
