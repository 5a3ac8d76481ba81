#include "migrations/git/repository_location.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "drift/base/error.h"
#include "drift/base/text.h"
#include "drift/base/url.h"

namespace drift::migrations {
namespace {

constexpr const char* kForms =
    "--repository takes a path, https://host/path, ssh://user@host/path, user@host:path or "
    "github:owner/name";

constexpr std::string_view kGithub = "github:";

[[noreturn]] void refuse(std::string_view text, std::string_view why,
                         const std::string& hint = kForms) {
  throw Error{Fault::kUsage, fmt::format("{} {}", shown_repository(text), why), hint};
}

// git asks "URL/info/refs?service=...": what stands behind a '?' of the URL is not sent, and where
// people write one it holds a token.
void refuse_query(std::string_view text, std::string_view path) {
  if (path.find_first_of("?#") == std::string_view::npos) return;
  refuse(text, "has a query, and git sends none",
         "leave it out; a token goes into SCHEMA_DRIFT_GIT_TOKEN, or into a file that "
         "--git-token-file names");
}

struct Authority {
  std::string_view user_information;  // without '@'
  std::string_view host_and_port;
};

Authority split_authority(std::string_view authority) {
  const std::size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return {{}, authority};
  return {authority.substr(0, at), authority.substr(at + 1)};
}

std::string_view without_port(std::string_view host_and_port) {
  if (!host_and_port.empty() && host_and_port.front() == '[') {
    const std::size_t bracket = host_and_port.find(']');
    return host_and_port.substr(1, bracket == std::string_view::npos ? bracket : bracket - 1);
  }
  return host_and_port.substr(0, host_and_port.find(':'));
}

RepositoryLocation from_file_url(std::string_view text, std::string_view rest) {
  const std::size_t slash = rest.find('/');
  const std::string_view host = rest.substr(0, slash);
  if (slash == std::string_view::npos || (!host.empty() && host != "localhost")) {
    refuse(text, "names no file on this machine", "write file:///absolute/path");
  }
  RepositoryLocation location;
  location.path = percent_decoded(rest.substr(slash));
  return location;
}

RepositoryLocation from_remote_url(std::string_view text, std::string_view scheme,
                                   std::string_view rest) {
  const std::size_t slash = rest.find('/');
  if (slash != std::string_view::npos) refuse_query(text, rest.substr(slash));
  const Authority authority = split_authority(rest.substr(0, slash));
  RepositoryLocation location;
  location.kind =
      scheme == "https" ? RepositoryLocation::Kind::kHttps : RepositoryLocation::Kind::kSsh;
  location.host = without_port(authority.host_and_port);
  if (location.host.empty()) refuse(text, "names no host");
  if (slash == std::string_view::npos || slash + 1 == rest.size()) {
    refuse(text, "names no repository on its host");
  }
  const std::size_t colon = authority.user_information.find(':');
  const std::string_view user = authority.user_information.substr(0, colon);
  location.user = percent_decoded(user);
  if (colon != std::string_view::npos) {
    location.password = percent_decoded(authority.user_information.substr(colon + 1));
  }
  location.url = fmt::format("{}://", scheme);
  if (location.kind == RepositoryLocation::Kind::kSsh && !user.empty()) {
    location.url += fmt::format("{}@", user);
  }
  location.url += fmt::format("{}{}", authority.host_and_port, rest.substr(slash));
  return location;
}

RepositoryLocation from_github(std::string_view text, std::string_view name) {
  const auto allowed = [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; };
  refuse_query(text, name);
  if (name.size() > 4 && name.ends_with(".git")) name.remove_suffix(4);
  const std::size_t slash = name.find('/');
  const std::string_view owner = name.substr(0, slash);
  const std::string_view project =
      slash == std::string_view::npos ? std::string_view{} : name.substr(slash + 1);
  if (owner.empty() || project.empty() || !std::all_of(owner.begin(), owner.end(), allowed) ||
      !std::all_of(project.begin(), project.end(), allowed)) {
    refuse(text, "is not github:owner/name", "such as github:example/backend");
  }
  RepositoryLocation location;
  location.kind = RepositoryLocation::Kind::kHttps;
  location.host = "github.com";
  location.url = fmt::format("https://github.com/{}/{}.git", owner, project);
  return location;
}

// git's rule (https://git-scm.com/docs/git-clone#_git_urls): a colon with no slash before it makes
// a name on another host, unless such a file exists here.
bool is_scp_like(std::string_view text) {
  std::size_t from = 0;
  if (const std::size_t bracket = text.find("]:");
      bracket != std::string_view::npos && text.find('[') < bracket) {
    from = bracket;  // the colons of an IPv6 address
  }
  const std::size_t colon = text.find(':', from);
  if (colon == std::string_view::npos ||
      text.substr(0, colon).find('/') != std::string_view::npos) {
    return false;
  }
  std::error_code ignored;
  return !std::filesystem::exists(std::filesystem::path(text), ignored);
}

RepositoryLocation from_scp(std::string_view text) {
  refuse_query(text, text);
  const std::size_t bracket = text.find("]:");
  const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const Authority authority = split_authority(text.substr(0, colon));
  RepositoryLocation location;
  location.kind = RepositoryLocation::Kind::kSsh;
  location.user = authority.user_information;
  location.host = without_port(authority.host_and_port);
  location.url = text;
  if (location.host.empty()) refuse(text, "names no host");
  if (colon + 1 == text.size()) refuse(text, "names no repository on its host");
  return location;
}

}  // namespace

std::string shown_repository(std::string_view text) {
  const std::string shown = redacted_url(text);
  const std::size_t query = shown.find_first_of("?#");
  const bool remote = !url_scheme(text).empty() || text.starts_with(kGithub) || is_scp_like(text);
  // Whatever its names say: nobody needs one here.
  return remote && query != std::string::npos ? shown.substr(0, query + 1) + "***" : shown;
}

RepositoryLocation parse_repository_location(std::string_view text) {
  if (text.empty()) throw Error{Fault::kUsage, "no repository was given", kForms};
  // A line break in a URL could smuggle a header into a request.
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; })) {
    throw Error{Fault::kUsage, "the repository's location holds a control character", kForms};
  }
  const std::string scheme = url_scheme(text);
  const std::string_view rest = scheme.empty() ? text : text.substr(scheme.size() + 3);
  if (scheme == "file") return from_file_url(text, rest);
  if (scheme == "https" || scheme == "ssh") return from_remote_url(text, scheme, rest);
  if (scheme == "http" || scheme == "git") {
    refuse(text, "would be read without encryption",
           "use https:// or ssh://: whoever sits on the line could forge the migrations and read "
           "the token");
  }
  if (!scheme.empty()) refuse(text, fmt::format("has the unknown scheme {}://", scheme));

  if (text.starts_with(kGithub)) {
    return from_github(text, text.substr(kGithub.size()));
  }
  if (is_scp_like(text)) return from_scp(text);
  RepositoryLocation location;
  location.path = text;
  return location;
}

}  // namespace drift::migrations
