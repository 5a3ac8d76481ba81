#include "drift/check/codebase_shelf.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "drift/base/error.h"
#include "drift/check/check.h"
#include "drift/check/side.h"

namespace drift::check {

CodebaseRead read_shared_codebase(const CodebaseSettings& settings, const Run& run,
                                  const std::shared_ptr<const Stop>& stop) {
  using Shared = std::shared_ptr<const Codebase>;
  CodebaseRead read;
  std::optional<Side<Shared>> side;
  try {
    CodebaseSettings counted = settings;
    counted.remote.received = run.received;
    side.emplace([settings = std::move(counted), aws = run.aws, stop, whole = run.stop,
                  log = run.log]() -> Shared {
      return std::make_shared<const Codebase>(read_codebase(settings, aws->source(), *stop, *log));
    });
    // It waits for answers now.
    migrations::GitRepository::prepare();
    read.codebase = side->wait(*stop, "reading the repository");
  } catch (...) {
    read.failure = std::current_exception();
  }
  if (side) read.duration = side->duration();
  return read;
}

CodebaseShelf::CodebaseShelf(const std::vector<Target>& targets) {
  // Thousands of targets are not compared with each other: those of one repository alone are.
  std::map<std::pair<std::string, std::string>, std::vector<std::size_t>> alike;
  for (const Target& target : targets) {
    auto& known = alike[{target.codebase.repository, target.codebase.ref}];
    const auto same = std::find_if(known.begin(), known.end(), [&](std::size_t entry) {
      return *entries_[entry].settings == target.codebase;
    });
    if (same == known.end()) {
      known.push_back(entries_.size());
      entry_of_.push_back(entries_.size());
      entries_.push_back({&target.codebase, false, {}, 1});
    } else {
      entry_of_.push_back(*same);
      ++entries_[*same].targets;
    }
  }
}

void CodebaseShelf::put(std::size_t entry, CodebaseRead read) {
  entries_.at(entry).outcome = std::move(read);
  entries_.at(entry).read = true;
}

CodebaseRead CodebaseShelf::take(std::size_t index) {
  Entry& entry = entries_.at(index);
  CodebaseRead taken = entry.outcome;
  entry.outcome.duration = std::chrono::milliseconds{0};
  if (--entry.targets == 0) entry.outcome = {};
  return taken;
}

}  // namespace drift::check
