#include "migrations/git/remote_refs.h"

#include <algorithm>

namespace drift::migrations {
namespace {

constexpr std::string_view kHeads = "refs/heads/", kTags = "refs/tags/";

bool is_branch_or_tag(std::string_view name) {
  return name.starts_with(kHeads) || name.starts_with(kTags);
}

}  // namespace

std::vector<std::string> candidates(std::string_view ref) {
  constexpr std::size_t kLongestRef = 4096;  // as a path may be on a server
  std::vector<std::string> result;
  if (ref.size() > kLongestRef) return result;
  if (ref == "HEAD") result.emplace_back(ref);
  const auto add = [&](std::string_view name) {
    // The order of `ref_rev_parse_rules` of git's refs.c.
    for (const std::string_view prefix :
         {std::string_view(), std::string_view("refs/"), kTags, kHeads}) {
      std::string whole = std::string(prefix) + std::string(name);
      if (is_branch_or_tag(whole)) result.push_back(std::move(whole));
    }
  };
  add(ref);
  constexpr std::string_view kOrigin = "origin/";
  if (ref.starts_with(kOrigin)) add(ref.substr(kOrigin.size()));
  return result;
}

const RemoteRef* meant(std::string_view ref, const std::vector<RemoteRef>& refs) {
  for (const std::string& name : candidates(ref)) {
    const auto found = std::find_if(refs.begin(), refs.end(),
                                    [&](const RemoteRef& one) { return one.name == name; });
    if (found != refs.end() && found->tip()) return &*found;
  }
  return nullptr;
}

std::string_view base_of(std::string_view ref) { return ref.substr(0, ref.find_first_of("~^@:")); }

std::vector<RefTip> tips_among(const std::vector<RemoteRef>& refs) {
  std::vector<RefTip> tips;
  for (const RemoteRef& ref : refs) {
    if (!ref.tip() || !is_branch_or_tag(ref.name)) continue;
    const bool is_tag = ref.name.starts_with(kTags);
    tips.push_back({is_tag ? RefTip::Kind::kTag : RefTip::Kind::kBranch,
                    ref.name.substr((is_tag ? kTags : kHeads).size()), *ref.tip()});
  }
  return tips;
}

}  // namespace drift::migrations
