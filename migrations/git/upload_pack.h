// One conversation with the server of an https:// remote, which may speak version 2 of git's
// protocol with us, or else an older one with libgit2.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/base/stop.h"
#include "drift/http/http.h"
#include "migrations/git/https.h"
#include "migrations/git/protocol_v2.h"
#include "migrations/git/reception.h"
#include "migrations/git/remote.h"
#include "migrations/git/repository.h"
#include "migrations/git/repository_location.h"

namespace drift::migrations {

// All requests go over one connection where the server keeps it. One thread at a time.
//
// Its methods throw what remote.h names, and what `Stop::check` throws.
class UploadPack {
 public:
  // Connects nothing yet. `stop` must outlive it.
  // Throws Error{kHostNotVerified} where there is nothing to verify a host by.
  UploadPack(const RepositoryLocation& location, const RemoteAccess& access, const Stop& stop);
  UploadPack(const UploadPack&) = delete;
  UploadPack& operator=(const UploadPack&) = delete;

  // The first request: what the server can do. Nothing where it does not speak version 2; then what
  // came is libgit2's to go on with.
  std::optional<Capabilities> greet();

  // Requires that `greet` gave capabilities, as `fetch` does. Refs whose whole names begin with one
  // of `prefixes`, all without any, in the server's order. Those whose names git would not take are
  // left out.
  std::vector<RemoteRef> refs(const std::vector<std::string>& prefixes);

  struct Outcome {
    enum class End { kWhole, kRefused, kOverBudget };
    End end = End::kWhole;
    std::string refusal;  // the server's words, fit to be shown
    std::vector<ObjectId> shallow, unshallow;
  };
  // `pack` is given the pack as it comes, and may throw. No more than about `most_bytes` of it are
  // taken: beyond that the answer is left in the middle, kOverBudget.
  Outcome fetch(const FetchRequest& request, std::uint64_t most_bytes,
                const std::function<void(std::string_view)>& pack);

  const RepositoryLocation& location() const { return location_; }
  const std::vector<RemoteCredential>& credentials() const { return credentials_; }
  GitReception& reception() { return reception_; }
  GitHttps& https() { return https_; }

 private:
  template <typename Body>
  auto guarded(Body body);
  // False at the end of the answer.
  bool next(HttpStream& answer, std::string_view& bytes);

  const RepositoryLocation location_;
  const Stop& stop_;
  std::vector<RemoteCredential> credentials_;
  GitReception reception_;
  HttpClient http_;
  GitHttps https_;
  Capabilities server_;
  std::string buffer_;
};

}  // namespace drift::migrations
