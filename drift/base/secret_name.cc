#include "drift/base/secret_name.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <vector>

#include "drift/base/text.h"

namespace drift {
namespace {

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr std::array<std::string_view, 12> kStrong = {
    "password", "passwd", "passphrase", "passcode", "pwd",           "pw",
    "pass",     "secret", "token",      "jwt",      "authorization", "cookie"};
constexpr std::array<std::string_view, 6> kStrongEnds = {"password", "passwd", "passphrase",
                                                         "secret",   "token",  "apikey"};
constexpr std::array<std::string_view, 4> kJoinedKeys = {"apikey", "accesskey", "secretkey",
                                                         "privatekey"};
// "key" alone is the key of a table more often than not.
constexpr std::array<std::string_view, 11> kOfKeys = {"api",        "access",  "secret", "private",
                                                      "encryption", "signing", "auth",   "master",
                                                      "shared",     "account", "webhook"};
constexpr std::array<std::string_view, 5> kWeak = {"signature", "sig", "credential", "session",
                                                   "auth"};
// What is said about a secret: its kind, its place, its age.
constexpr std::array<std::string_view, 48> kAbout = {
    "age",        "algorithm", "arn",        "authentication", "cache",   "column",
    "count",      "dir",       "encryption", "endpoint",       "error",   "exception",
    "expiration", "expired",   "expires",    "expiry",         "field",   "file",
    "filename",   "format",    "header",     "hint",           "index",   "left",
    "len",        "length",    "limit",      "location",       "manager", "method",
    "mode",       "name",      "names",      "path",           "policy",  "position",
    "prompt",     "provider",  "required",   "rotation",       "size",    "source",
    "status",     "table",     "ttl",        "type",           "usage",   "version"};
constexpr std::array<std::string_view, 8> kAmounts = {"max",   "min",    "num",    "total",
                                                      "input", "output", "prompt", "completion"};
constexpr std::array<std::string_view, 14> kProblems = {
    "bad",     "duplicate", "expired", "illegal",     "incorrect", "invalid",      "malformed",
    "missing", "no",        "unknown", "unsupported", "wrong",     "unrecognized", "unexpected"};

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

// "X-Api-Key" and "dbPassword2" as x, api, key and db, password.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) {
      words.emplace_back();
      continue;
    }
    const bool begins = i > 0 && is_upper(c) &&
                        (is_lower(name[i - 1]) || is_digit(name[i - 1]) ||
                         (is_upper(name[i - 1]) && i + 1 < name.size() && is_lower(name[i + 1])));
    if (begins) words.emplace_back();
    words.back() += ascii_lower(c);
  }
  for (std::string& word : words) {
    while (!word.empty() && is_digit(word.back())) word.pop_back();
    word.erase(0, std::min(word.find_first_not_of("0123456789"), word.size()));
  }
  words.erase(std::remove(words.begin(), words.end(), ""), words.end());
  return words;
}

std::string singular(const std::string& word) {
  const bool many = word.ends_with('s') && !word.ends_with("ss");
  return many ? word.substr(0, word.size() - 1) : word;
}

SecretName kind_of(const std::vector<std::string>& words, std::size_t at) {
  const std::string word = singular(words[at]);
  if (is_one_of(kStrong, word) || is_one_of(kJoinedKeys, word) ||
      std::any_of(kStrongEnds.begin(), kStrongEnds.end(),
                  [&](std::string_view end) { return word.ends_with(end); })) {
    return SecretName::kStrong;
  }
  if (word == "key" && at > 0 && is_one_of(kOfKeys, words[at - 1])) return SecretName::kStrong;
  return is_one_of(kWeak, word) ? SecretName::kWeak : SecretName::kNone;
}

}  // namespace

SecretName secret_name(std::string_view name) {
  const std::vector<std::string> words = words_of(name);
  for (std::size_t at = words.size(); at-- > 0;) {
    const SecretName kind = kind_of(words, at);
    if (kind == SecretName::kNone) {
      if (is_one_of(kAbout, words[at])) return SecretName::kNone;
      // A key's id is no secret; Vault's secret_id is one.
      if (words[at] == "id" && at > 0 && words[at - 1] != "secret") return SecretName::kNone;
      continue;
    }
    if (kind == SecretName::kWeak) return kind;
    if (at > 0 && is_one_of(kProblems, words[at - 1])) return SecretName::kProblem;
    const bool many = singular(words[at]) != words[at];
    const bool amount = at > 0 && is_one_of(kAmounts, words[0]);
    return many || amount || words[at] == "pass" ? SecretName::kCount : kind;
  }
  return SecretName::kNone;
}

}  // namespace drift
