// One conversation with a remote: who we are, whom we trust, and what a failure means.
#pragma once

#include <optional>
#include <vector>

#include "drift/base/error.h"
#include "drift/base/stop.h"
#include "drift/http/http.h"
#include "migrations/git/connections.h"
#include "migrations/git/https.h"
#include "migrations/git/library.h"
#include "migrations/git/reception.h"
#include "migrations/git/remote_credentials.h"
#include "migrations/git/repository_location.h"
#include "migrations/git/sockets.h"
#include "migrations/git/ssh.h"

namespace drift::migrations {

// What libgit2's callbacks need, and the error that one of them decided on: libgit2 carries only a
// number through its C frames. Must outlive the git_remote that uses it, on the same thread.
class Conversation {
 public:
  // Throws Error{kHostNotVerified} where there is nothing to verify a host by, and what
  // `ssh_credentials` throws. `is_new`: what is fetched goes into a clone that is empty yet.
  Conversation(const RepositoryLocation& location, const RemoteAccess& access, bool is_new,
               const Stop& stop);
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  git_remote_callbacks callbacks();

  // Before, a failure of the system's is one to reach the host; from here on, one to write a file.
  void connected() { connected_ = true; }

  // Throws unless `code` is a success: what a callback decided, what `Stop::check` throws, what
  // `remote_failure` makes of it, `damaged_pack`, what GitReception refused, or
  // Error{kCacheUnusable} where the clone is at fault. A refused host counts even where libgit2
  // reports success: nothing is worth more than this check.
  void check(int code) const;

 private:
  int go_on() const { return stop_.due() ? GIT_EUSER : 0; }
  int next_credential(git_credential** out, unsigned allowed);
  int check_host(const git_cert& cert, bool valid);

  // Over ssh: libgit2's own transport, on sockets of ours.
  struct Ssh {
    Ssh(GitReception& reception, const Stop& stop)
        : connections(stop), lent(connections), line{connections, reception} {}
    Connections connections;
    LentConnections lent;
    SshLine line;
  };

  const RepositoryLocation& location_;
  const Stop& stop_;
  bool is_new_;
  std::vector<RemoteCredential> credentials_;
  GitReception reception_;
  std::optional<Ssh> ssh_;
  std::optional<HttpClient> http_;
  std::optional<GitHttps> https_;
  std::size_t tried_ = 0;
  bool connected_ = false;
  std::optional<Error> failure_;
};

}  // namespace drift::migrations
