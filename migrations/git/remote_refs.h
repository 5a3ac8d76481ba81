// Which of a remote's refs a person means, by the rules that git has for a clone of it.
// https://git-scm.com/docs/gitrevisions
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "migrations/git/protocol_v2.h"
#include "migrations/git/repository.h"

namespace drift::migrations {

// Whole names that `ref` may stand for, the one that counts most first: "main", "tags/v1",
// "refs/heads/main", "origin/main", "HEAD". Branches and tags alone: a clone has no others.
std::vector<std::string> candidates(std::string_view ref);

// The first of the candidates of `ref` that is among `refs`, or null.
const RemoteRef* meant(std::string_view ref, const std::vector<RemoteRef>& refs);

// What goes before the first of "~^@:" of a revision expression; all of `ref` where it is none.
std::string_view base_of(std::string_view ref);

// As people write them, "main" and "v1.0": the branches and tags among `refs`.
std::vector<RefTip> tips_among(const std::vector<RemoteRef>& refs);

}  // namespace drift::migrations
