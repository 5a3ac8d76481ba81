// git over https: drift/http/http speaks HTTP; what stands in it is libgit2's, or ours
// (upload_pack.h). https://git-scm.com/docs/http-protocol
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drift/base/error.h"
#include "drift/base/stop.h"
#include "drift/http/http.h"
#include "migrations/git/library.h"
#include "migrations/git/reception.h"
#include "migrations/git/remote.h"
#include "migrations/git/repository_location.h"

namespace drift::migrations {

// One conversation over https. libgit2's own would ask without credentials first, and once more
// with them; it knows TLS 1.2 alone here, and no deadline.
//
// Credentials go out with the first request, to the scheme, host and port of the location and
// nowhere else: a redirect within the host is followed, to another port without them. Where they
// are refused, the first request is made once more without: a public repository needs none.
class GitHttps {
 public:
  // All must outlive it, and the transports that it makes must not.
  GitHttps(const RepositoryLocation& location, const std::vector<RemoteCredential>& credentials,
           HttpClient& http, GitReception& reception, const Stop& stop);

  // For git_remote_callbacks.transport.
  int make_transport(git_transport** out, git_remote* owner);

  // The two requests of a conversation, for who speaks git without libgit2; `version_2` asks for
  // that version of the protocol. What they return must not outlive this. They throw what
  // https_failure, remote_failure and redirect_refused name, and HttpError.
  HttpStream advertisement(bool version_2);
  HttpStream pack(std::string body, bool version_2);

  // The answer to an advertisement that libgit2 is to go on with: what was read of it, and the
  // rest.
  void hand_over(std::string read, HttpStream rest);

  // Requests that were sent, redirects and refused ones included.
  unsigned requests() const { return requests_; }

  // What a request of libgit2's came to, where that was no success: libgit2 carries only a number.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  struct Transport;
  struct Stream;

  struct HandedOver {
    std::string read;
    HttpStream rest;
  };

  HttpStream send();
  void authorize(HttpRequest& request) const;
  void follow(const std::string& target);
  [[noreturn]] void refuse(int status) const;

  const RepositoryLocation& location_;
  const std::vector<RemoteCredential>& credentials_;
  HttpClient& http_;
  GitReception& reception_;
  const Stop& stop_;
  std::string origin_;  // "https://host:port", where the credentials may go
  std::string base_origin_;
  std::string base_path_;  // without a slash at its end
  bool authorized_ = false;
  HttpRequest request_;  // the last; its stream refers to it
  std::optional<HandedOver> handed_over_;
  unsigned requests_ = 0;
  std::optional<Error> failure_;
};

}  // namespace drift::migrations
