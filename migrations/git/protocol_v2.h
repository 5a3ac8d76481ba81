// What version 2 of git's protocol says, as texts: what a server can do, its refs, and what is
// asked of it. https://git-scm.com/docs/gitprotocol-v2
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrations/git/object_id.h"

namespace drift::migrations {

struct Capabilities {
  bool lists_refs = false;  // ls-refs
  bool fetches = false;     // fetch, and of its features:
  bool shallow = false;
  bool filter = false;
  std::string object_format = "sha1";
};

// Takes one line of a capability advertisement; "version 2" is none. Unknown ones mean nothing.
void read_capability(std::string_view line, Capabilities& capabilities);

struct RemoteRef {
  std::string name;  // whole, "refs/heads/main", or "HEAD"
  // Nothing for a HEAD whose branch has no commit yet.
  std::optional<ObjectId> id;
  std::optional<ObjectId> peeled;     // of an annotated tag what it points at in the end
  std::optional<std::string> symref;  // the whole name of the ref that it points at

  // The commit, where it names one.
  std::optional<ObjectId> tip() const { return peeled ? peeled : id; }
};

// A line of the answer to ls-refs.
// Throws Error{kRemoteUnreachable} for what is no such line.
RemoteRef read_ref(std::string_view line);

// `prefixes` of whole names; without any, all refs are asked for.
std::string ref_request(const Capabilities& server, const std::vector<std::string>& prefixes);

struct FetchRequest {
  std::vector<ObjectId> wants;
  std::vector<ObjectId> haves;
  std::vector<ObjectId> shallow;  // commits whose parents are not here
  std::optional<std::uint32_t> depth;
  std::optional<std::int64_t> since;  // seconds since 1970; not with `depth`
  bool without_blobs = false;
};

// As much history as there is, for `FetchRequest::depth`.
constexpr std::uint32_t kInfiniteDepth = 0x7fffffff;

// The server is told that nothing more will be asked, so that the pack comes with the answer.
std::string fetch_request(const Capabilities& server, const FetchRequest& request);

// Nothing where `hex` is not 40 hexadecimal digits.
std::optional<ObjectId> id_from_hex(std::string_view hex);

}  // namespace drift::migrations
