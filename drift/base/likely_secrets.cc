#include "drift/base/likely_secrets.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "drift/base/base64.h"
#include "drift/base/secret_name.h"
#include "drift/base/secrets.h"
#include "drift/base/text.h"
#include "drift/base/url.h"

namespace drift {
namespace {

constexpr std::string_view kHidden = "***";
constexpr std::string_view kBlanks = " \t";

bool is_name(char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.'; }
bool is_token(char c) { return is_name(c) || c == '~' || c == '+' || c == '/' || c == '='; }

template <typename Is>
std::size_t end_of_run(std::string_view text, std::size_t at, Is is) {
  while (at < text.size() && is(text[at])) ++at;
  return at;
}

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

template <std::size_t N>
std::size_t length_of_any(const std::array<std::string_view, N>& marks, std::string_view text) {
  for (const std::string_view mark : marks) {
    if (text.substr(0, mark.size()) == mark) return mark.size();
  }
  return 0;
}

std::string_view line_from(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(std::min(at, text.size()));
  return rest.substr(0, rest.find('\n'));
}

bool looks_like_chance(std::string_view value) {
  return value.size() >= 16 && std::all_of(value.begin(), value.end(), is_token) &&
         std::any_of(value.begin(), value.end(), is_digit) &&
         std::any_of(value.begin(), value.end(),
                     [](char c) { return is_alnum(c) && !is_digit(c); });
}

// A quotation mark, in itself or as text in a text: what stands before it (backslashes) must stand
// before the one that closes, too.
struct Quote {
  std::size_t backslashes = 0;
  std::string_view mark;
  std::size_t size() const { return backslashes + mark.size(); }
};

std::optional<Quote> quote_at(std::string_view text, std::size_t at) {
  constexpr std::array<std::string_view, 10> kMarks = {"\"",    "'",      "`",   "&quot;", "&#34;",
                                                       "&#39;", "&apos;", "%22", "%27",    "u0022"};
  Quote quote;
  quote.backslashes = end_of_run(text, at, [](char c) { return c == '\\'; }) - at;
  const std::string_view rest = text.substr(at + quote.backslashes);
  const std::size_t size = length_of_any(kMarks, rest);
  if (size == 0 || (rest[0] == 'u' && quote.backslashes == 0)) return std::nullopt;
  quote.mark = rest.substr(0, size);
  return quote;
}

// Behind the mark that closes what `quote` opened before `at`; the end of the line where none does.
std::size_t end_of_quoted(std::string_view text, std::size_t at, const Quote& quote) {
  for (std::size_t close = at; (close = text.find(quote.mark, close)) != std::string_view::npos;
       close += quote.mark.size()) {
    std::size_t backslashes = 0;
    while (backslashes < close - at && text[close - backslashes - 1] == '\\') ++backslashes;
    const bool plain = quote.backslashes == 0;
    if (plain ? backslashes % 2 == 0 : backslashes <= quote.backslashes) {
      return close + quote.mark.size();
    }
  }
  return at + line_from(text, at).size();
}

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(kBlanks, at), text.size());
}

// Behind what joins a name and its value, with the blanks around it; nothing where nothing does.
std::optional<std::size_t> separator_end(std::string_view text, std::size_t at) {
  if (const auto quote = quote_at(text, at)) at += quote->size();
  if (at < text.size() && text[at] == ']') ++at;  // settings["password"] = ...
  at = skip_blanks(text, at);
  constexpr std::array<std::string_view, 11> kJoints = {"=>",  "->",  ":=",  "==",  "=",    ":",
                                                        "%3D", "%3d", "%3A", "%3a", "&#61;"};
  const std::string_view rest = text.substr(at);
  if (rest.starts_with("::")) return std::nullopt;  // a cast of SQL
  const std::size_t size = length_of_any(kJoints, rest);
  if (size == 0) return std::nullopt;
  return skip_blanks(text, at + size);
}

bool stands_for_none(std::string_view value) {
  constexpr std::array<std::string_view, 27> kWords = {
      "none",   "null",     "nil",       "undefined", "true",     "false",   "yes",
      "no",     "redacted", "hidden",    "masked",    "required", "missing", "empty",
      "unset",  "invalid",  "expired",   "not",       "is",       "must",    "cannot",
      "failed", "wrong",    "incorrect", "ok",        "(null)",   "<none>"};
  const std::string word = ascii_lower(value);
  if (is_one_of(kWords, word)) return true;
  return word.find_first_not_of("*[]<>xX.\xe2\x80\xa2") == std::string::npos ||
         (word.size() > 2 && word.front() == '[' &&
          stands_for_none(word.substr(1, word.size() - 2)));
}

// Whether a ',' or ';' at `at` ends a value: it belongs to it where something else than the next
// pair follows at once ("a,b" in password=a,b user=c).
bool ends_here(std::string_view text, std::size_t at) {
  const std::size_t next = at + 1;
  if (next >= text.size() || !is_name(text[next])) return true;
  const std::size_t end = end_of_run(text, next, is_name);
  return end < text.size() && (text[end] == '=' || text[end] == ':');
}

std::size_t end_of_word(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    at = std::min(text.find_first_of(" \t\r\n,;&})]\"'<>\\|", at), text.size());
    if (at == text.size()) break;
    const bool inner = (text[at] == ',' || text[at] == ';') && !ends_here(text, at);
    if (!inner) break;
    ++at;
  }
  return at;
}

// "[a, b]" and "{...}" whole.
std::size_t end_of_group(std::string_view text, std::size_t at) {
  const char open = text[at];
  const char close = open == '[' ? ']' : open == '{' ? '}' : ')';
  int depth = 0;
  const std::size_t line = at + line_from(text, at).size();
  for (; at < line; ++at) {
    if (text[at] == open) ++depth;
    if (text[at] == close && --depth == 0) return at + 1;
  }
  return line;
}

// "the security token is": words, and no value.
bool is_prose(std::string_view text) {
  for (int words = 0; words < 2; ++words) {
    const std::size_t end = end_of_run(text, 0, [](char c) { return is_alnum(c) && !is_digit(c); });
    if (end == 0 || end == text.size() || text[end] != ' ') return false;
    text.remove_prefix(end + 1);
  }
  return true;
}

class Hiding {
 public:
  explicit Hiding(std::string_view text) : text_(text), lower_(ascii_lower(text)) {}

  std::string run() {
    while (at_ < text_.size()) {
      if (hide_key_block() || pass_arn()) continue;
      if (!is_name(text_[at_])) {
        ++at_;
        continue;
      }
      name_end_ = end_of_run(text_, at_, is_name);
      if (hide_token() || hide_credentials()) continue;
      hide_value();
    }
    return shown_.append(text_.substr(kept_));
  }

 private:
  std::string_view lower_from(std::size_t at) const { return std::string_view(lower_).substr(at); }

  bool hide(std::size_t begin, std::size_t end) {
    shown_.append(text_.substr(kept_, begin - kept_)).append(kHidden);
    kept_ = at_ = end;
    return true;
  }

  // "-----BEGIN RSA PRIVATE KEY-----" to its end.
  bool hide_key_block() {
    constexpr std::string_view kBegin = "-----begin ";
    if (!lower_from(at_).starts_with(kBegin)) return false;
    const std::size_t title = lower_.find("private key-----", at_);
    if (title == std::string::npos || title > at_ + 40) return false;
    const std::size_t end = lower_.find("private key-----", title + 16);
    return hide(at_, end == std::string::npos ? text_.size() : end + 16);
  }

  // "arn:aws:secretsmanager:...:secret:name" has a name of ours in it and no secret.
  bool pass_arn() {
    if (!lower_from(at_).starts_with("arn:aws") || (at_ > 0 && is_name(text_[at_ - 1]))) {
      return false;
    }
    at_ = std::min(text_.find_first_of(" \t\n\"'<>,;)}]\\", at_), text_.size());
    return true;
  }

  // Tokens that say themselves what they are.
  bool hide_token() {
    constexpr std::array<std::string_view, 19> kBeginnings = {
        "ghp_",   "gho_",  "ghu_",  "ghs_",  "ghr_",     "github_pat_", "glpat-",
        "gldt-",  "xoxb-", "xoxp-", "xoxa-", "xapp-",    "sk_live_",    "rk_live_",
        "whsec_", "npm_",  "pypi-", "hf_",   "dckr_pat_"};
    const std::string_view word = text_.substr(at_, name_end_ - at_);
    const std::size_t beginning = length_of_any(kBeginnings, word);
    if (beginning > 0 && word.size() >= beginning + 12) return hide(at_, name_end_);
    // A JSON web token: {"... in Base64, a dot, and more of it.
    const bool web_token =
        word.size() > 30 && word.starts_with("eyJ") && word.find('.') != std::string_view::npos;
    return web_token && hide(at_, name_end_);
  }

  // "Bearer X", "Basic X" where nothing before them told.
  bool hide_credentials() {
    constexpr std::array<std::string_view, 30> kOthers = {"token",
                                                          "tokens",
                                                          "auth",
                                                          "authentication",
                                                          "authorization",
                                                          "realm",
                                                          "scheme",
                                                          "format",
                                                          "of",
                                                          "credential",
                                                          "credentials",
                                                          "is",
                                                          "was",
                                                          "not",
                                                          "error",
                                                          "required",
                                                          "header",
                                                          "and",
                                                          "or",
                                                          "in",
                                                          "for",
                                                          "to",
                                                          "must",
                                                          "missing",
                                                          "invalid",
                                                          "expired",
                                                          "access",
                                                          "type",
                                                          "security",
                                                          "challenge"};
    const std::string_view word = lower_from(at_).substr(0, name_end_ - at_);
    if (word != "bearer" && word != "basic") return false;
    std::size_t value = skip_blanks(text_, name_end_);
    if (value == name_end_ && text_.substr(value, 3) == "%20") value += 3;
    if (value == name_end_) return false;
    const std::size_t end = end_of_run(text_, value, is_token);
    std::string_view token = text_.substr(value, end - value);
    if (word == "basic") {
      const auto decoded = base64_decoded(token);
      return decoded && decoded->find(':') != std::string::npos && hide(value, end);
    }
    // "Bearer realm=..." is what a server asks with.
    const bool pair =
        token.substr(0, token.find_last_not_of('=') + 1).find('=') != std::string_view::npos ||
        (token.ends_with('=') && quote_at(text_, end));
    while (!token.empty() && token.back() == '.') token.remove_suffix(1);
    if (token.size() < 4 || pair || stands_for_none(token) ||
        is_one_of(kOthers, ascii_lower(token))) {
      return false;
    }
    return hide(value, end);
  }

  void hide_value() {
    const std::size_t begin = at_;
    at_ = name_end_;
    const std::string_view name = text_.substr(begin, name_end_ - begin);
    const SecretName kind = secret_name(name);
    if (kind == SecretName::kNone) return;
    if (const auto value = value_in_tag(begin)) {
      const std::size_t end = std::min(text_.find('<', *value), text_.size());
      const bool hidden = text_.substr(*value, end - *value) == kHidden;
      if (end > *value && !hidden) hide(*value, end);
      return;
    }
    std::optional<std::size_t> value = separator_end(text_, name_end_);
    const bool joined = value.has_value();
    if (!joined) value = value_of_option(begin);
    if (!joined && !value) value = value_of_statement(begin);
    // What was hidden before is no longer there.
    if (!value || *value == text_.size() || text_.substr(*value).starts_with(kHidden)) return;
    if (const std::size_t end = end_of_value(name, *value); is_secret(kind, *value, end)) {
      hide(*value, end);
    }
  }

  // <password>X</password>
  std::optional<std::size_t> value_in_tag(std::size_t begin) const {
    if (begin == 0 || text_[begin - 1] != '<' || text_.substr(name_end_, 1) != ">") return {};
    return name_end_ + 1;
  }

  // --password X
  std::optional<std::size_t> value_of_option(std::size_t begin) const {
    constexpr std::array<std::string_view, 13> kOthers = {
        "requires", "is",    "was",  "needs", "and", "or", "has",
        "option",   "given", "with", "for",   "to",  "in"};
    if (!text_.substr(begin).starts_with("--")) return {};
    const std::size_t value = skip_blanks(text_, name_end_);
    if (value == name_end_ || value == text_.size() || text_[value] == '-') return {};
    if (quote_at(text_, value)) return value;
    const std::string word = lower_.substr(value, end_of_word(text_, value) - value);
    if (is_one_of(kOthers, word) || stands_for_none(word)) return {};
    return value;
  }

  // PASSWORD 'X' of SQL, and IDENTIFIED BY 'X' of other databases'.
  std::optional<std::size_t> value_of_statement(std::size_t begin) const {
    if (lower_from(begin).substr(0, name_end_ - begin) != "password") return {};
    std::size_t value = skip_blanks(text_, name_end_);
    if (value == name_end_) return {};
    if (value < text_.size() && (text_[value] == 'E' || text_[value] == 'e')) ++value;
    if (value == text_.size() || text_[value] != '\'') return {};
    return value;
  }

  std::size_t end_of_value(std::string_view name, std::size_t value) const {
    std::size_t at = value;
    // b'...' and r"..." of Python.
    while (at < value + 2 && at < text_.size() &&
           std::string_view("bBrRuUfF").find(text_[at]) != std::string_view::npos) {
      ++at;
    }
    if (const auto quote = quote_at(text_, at)) {
      return end_of_quoted(text_, at + quote->size(), *quote);
    }
    if (const auto quote = quote_at(text_, value)) {
      return end_of_quoted(text_, value + quote->size(), *quote);
    }
    if (text_[value] == '[' || text_[value] == '{' || text_[value] == '(') {
      return end_of_group(text_, value);
    }
    // Several words.
    const std::string lower = ascii_lower(name);
    if (lower.ends_with("authorization") || lower.ends_with("cookie")) {
      return value + line_from(text_, value).size();
    }
    const std::size_t end = end_of_word(text_, value);
    constexpr std::array<std::string_view, 4> kSchemes = {"bearer", "basic", "token", "digest"};
    const std::string_view word = lower_from(value).substr(0, end - value);
    const std::size_t next = skip_blanks(text_, end);
    if (is_one_of(kSchemes, word) && next > end) return end_of_word(text_, next);
    return end;
  }

  bool is_secret(SecretName kind, std::size_t value, std::size_t end) const {
    std::string_view text = text_.substr(value, end - value);
    while (quote_at(text, 0)) text.remove_prefix(quote_at(text, 0)->size());
    while (!text.empty() && (text.back() == '"' || text.back() == '\'' || text.back() == '`' ||
                             text.back() == '\\')) {
      text.remove_suffix(1);
    }
    if (text.empty() || stands_for_none(text)) return false;
    switch (kind) {
      case SecretName::kNone: return false;
      case SecretName::kWeak: return looks_like_chance(text);
      case SecretName::kCount: return !std::all_of(text.begin(), text.end(), is_digit);
      case SecretName::kProblem: return !is_prose(text_.substr(value));
      case SecretName::kStrong: break;
    }
    // A parser's "unexpected token: }".
    return text.size() > 5 || !follows("unexpected ");
  }

  bool follows(std::string_view word) const {
    std::size_t begin = name_end_;
    while (begin > 0 && is_name(text_[begin - 1])) --begin;
    return std::string_view(lower_).substr(0, begin).ends_with(word);
  }

  const std::string_view text_;
  const std::string lower_;
  std::string shown_;
  std::size_t kept_ = 0;  // everything before is in `shown_`
  std::size_t at_ = 0;
  std::size_t name_end_ = 0;
};

}  // namespace

std::string without_url_passwords(std::string_view text) {
  constexpr std::array<std::string_view, 3> kSecretPaths = {
      "hooks.slack.com/", "discord.com/api/webhooks/", "webhook.office.com/"};
  std::string shown;
  while (true) {
    const std::size_t mark = text.find("://");
    if (mark == std::string_view::npos) return shown.append(text);
    std::size_t begin = mark;
    while (begin > 0 && (is_name(text[begin - 1]) || text[begin - 1] == '+')) --begin;
    const std::size_t end = std::min(text.find_first_of(" \t\n\"'<>", mark), text.size());
    std::string url = redacted_url(text.substr(begin, end - begin));
    for (const std::string_view path : kSecretPaths) {
      const std::size_t at = url.find(path);
      if (at != std::string::npos) url.replace(at + path.size(), std::string::npos, kHidden);
    }
    shown.append(text.substr(0, begin)).append(url);
    text.remove_prefix(end);
  }
}

std::string without_likely_secrets(std::string_view text) {
  const std::string plain = without_url_passwords(without_secrets(text));
  return Hiding(plain).run();
}

}  // namespace drift
