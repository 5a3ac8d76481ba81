// A real repository, made by the git program in a folder that vanishes with the test.
#pragma once

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "tests/temporary_folder.h"

namespace drift::migrations {

class TemporaryRepository {
 public:
  // `init_options` go to `git init`. The branch is main.
  explicit TemporaryRepository(const std::string& init_options = "") {
    git("init -q -b main " + init_options + " .");
  }

  const std::string& path() const { return folder_.path(); }
  std::string path(const std::string& name) const { return folder_.path(name); }

  // Runs git there, with nobody's configuration; its output without the last line break.
  // Throws where git fails.
  std::string git(const std::string& arguments) const { return shell("git " + arguments); }

  // Commands of the shell in the repository, with git's environment.
  std::string shell(const std::string& commands) const {
    const std::string line =
        "set -e; cd '" + path() +
        "'; export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null HOME=/nonexistent "
        "GIT_AUTHOR_NAME=Author GIT_AUTHOR_EMAIL=author@example.com GIT_COMMITTER_NAME=Committer "
        "GIT_COMMITTER_EMAIL=committer@example.com GIT_AUTHOR_DATE=2026-01-02T03:04:05Z "
        "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z; { " +
        commands + "; } 2>&1";
    std::FILE* pipe = ::popen(line.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("popen");
    std::string output;
    std::array<char, 4096> buffer;
    for (std::size_t n; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
      output.append(buffer.data(), n);
    }
    const int status = ::pclose(pipe);
    while (!output.empty() && output.back() == '\n') output.pop_back();
    if (status != 0) throw std::runtime_error(commands + ": " + output);
    return output;
  }

  void write(const std::string& name, const std::string& contents) const {
    const std::filesystem::path file = path(name);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << contents;
  }

  // Commits everything in the work tree; the id of the commit.
  std::string commit(const std::string& message = "change") const {
    return shell("git add -A; git commit -q --allow-empty -m '" + message +
                 "'; git rev-parse HEAD");
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace drift::migrations
