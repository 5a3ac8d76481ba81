#include "drift/report/commit_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace drift::report {
namespace {

struct Forge {
  std::string_view host;
  std::string_view way;    // from the repository to a commit
  std::size_t most_names;  // in the path of a repository: gitlab has groups in groups
};

constexpr std::array<Forge, 4> kForges = {{{"github.com", "/commit/", 2},
                                           {"gitlab.com", "/-/commit/", 20},
                                           {"bitbucket.org", "/commits/", 2},
                                           {"codeberg.org", "/commit/", 2}}};

bool is_object_id(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_name(std::string_view text) {
  return !text.empty() && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

}  // namespace

std::optional<std::string> commit_page(std::string_view repository_url, std::string_view commit) {
  constexpr std::string_view kHttps = "https://";
  if (!repository_url.starts_with(kHttps) || !is_object_id(commit)) return std::nullopt;
  std::string_view rest = repository_url.substr(kHttps.size());
  const std::string_view host = rest.substr(0, rest.find('/'));
  const auto forge = std::find_if(kForges.begin(), kForges.end(),
                                  [&](const Forge& known) { return known.host == host; });
  if (forge == kForges.end() || host.size() == rest.size()) return std::nullopt;
  rest.remove_prefix(host.size() + 1);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.ends_with(".git")) rest.remove_suffix(4);
  const std::string_view path = rest;
  std::size_t names = 0;
  while (true) {
    const std::size_t slash = rest.find('/');
    if (!is_name(rest.substr(0, slash))) return std::nullopt;
    ++names;
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (names < 2 || names > forge->most_names) return std::nullopt;
  return fmt::format("{}{}/{}{}{}", kHttps, host, path, forge->way, commit);
}

}  // namespace drift::report
