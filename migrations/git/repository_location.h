// Where a repository lies, as a person writes it.
#pragma once

#include <string>
#include <string_view>

namespace drift::migrations {

struct RepositoryLocation {
  enum class Kind { kLocal, kHttps, kSsh };
  Kind kind = Kind::kLocal;
  // kLocal: the path, as given.
  std::string path;
  // kHttps, kSsh: what to connect to. Never holds a password or a token; the user of an ssh
  // location stays, since it belongs to the account and is no secret.
  std::string url;
  std::string host;  // without the port
  // User information of the URL, decoded.
  std::string user;
  std::string password;
};

// Understands a path, file:///path, https://[user[:password]@]host/path,
// ssh://[user@]host[:port]/path, [user@]host:path (where no such file exists, as `git clone`
// decides) and github:owner/name. Throws Error{kUsage} for anything else; http:// and git:// are
// refused because whoever sits on the line could forge the migrations and read the token, and a
// query (https://host/path?access_token=...) because no git sends it and it is most likely a
// secret.
RepositoryLocation parse_repository_location(std::string_view text);

// `text` fit to be shown, whether it can be understood or not: as `redacted_url`, and without what
// stands behind a '?' or '#'.
std::string shown_repository(std::string_view text);

}  // namespace drift::migrations
