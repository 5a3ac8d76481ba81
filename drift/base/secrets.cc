#include "drift/base/secrets.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "drift/base/base64.h"
#include "drift/base/text.h"
#include "drift/base/unescaped.h"
#include "drift/base/url.h"

namespace drift {
namespace {

constexpr std::size_t kMostSecrets = 1'000;
// What is left of a secret that was cut, and still too much to show.
constexpr std::size_t kTellingPart = 12;
constexpr std::string_view kHidden = "***";

struct Secret {
  // In lower case: itself, and what is read where it looks like an escape ("50%25").
  std::vector<std::string> texts;
  std::vector<std::string> coded;  // the letters of Base64 that stand for it alone
  std::string host;                // that a path may stand behind
};

// A process holds its secrets whatever part of it asks: passing them along with every error would
// mean that one which is forgotten is shown.
struct Remembered {
  std::mutex mutex;
  std::deque<Secret> secrets;  // the latest last
};

Remembered& remembered() {
  // Never destroyed: threads that were left behind may still build errors (see check::Side).
  static auto* const all = new Remembered;
  return *all;
}

// Three bytes are four letters, so what the letters are depends on where the secret begins; the
// first and the last of them depend on its neighbours, too, and are left out.
std::vector<std::string> coded_forms(std::string_view secret) {
  std::vector<std::string> forms;
  for (std::size_t lead = 0; lead < 3; ++lead) {
    const std::string whole = base64_encoded(std::string(lead, '\0').append(secret));
    const std::size_t begin = (lead * 8 + 5) / 6;
    const std::size_t end = (lead + secret.size()) * 8 / 6;
    std::string form = whole.substr(begin, end - begin);
    forms.push_back(form);
    // RFC 4648, section 5: the alphabet of URLs and JSON web tokens.
    std::replace(form.begin(), form.end(), '+', '-');
    std::replace(form.begin(), form.end(), '/', '_');
    if (form != forms.back()) forms.push_back(std::move(form));
  }
  return forms;
}

std::vector<std::string> readings_of(std::string_view secret) {
  std::vector<std::string> texts;
  for (Unescaped read = as_it_is(secret);;) {
    std::string text = ascii_lower(read.text);
    if (text.size() < kShortestSecret || (!texts.empty() && texts.back() == text)) return texts;
    texts.push_back(std::move(text));
    read = unescaped(read);
  }
}

bool is_word(char c) { return is_alnum(c) || c == '_'; }

using Span = std::pair<std::size_t, std::size_t>;

// Looks for secrets in one way of reading the text, and notes where they stand in it.
class Search {
 public:
  Search(const Unescaped& read, std::vector<Span>& found)
      : read_(read), text_(ascii_lower(read.text)), found_(found) {}

  void look_for(const Secret& secret) {
    for (const std::string& text : secret.texts) {
      look_for(text, secret.host);
      // A form sends a blank as '+'.
      if (text.find(' ') == std::string::npos) continue;
      std::string sent = text;
      std::replace(sent.begin(), sent.end(), ' ', '+');
      look_for(sent, secret.host);
    }
    for (const std::string& form : secret.coded) {
      for (std::size_t at = 0; (at = read_.text.find(form, at)) != std::string::npos;
           at += form.size()) {
        note(at, form.size());
      }
    }
  }

 private:
  void look_for(const std::string& secret, const std::string& host) {
    const bool plain = secret.size() < kPlainSecret;
    // Every place where it begins: where it was cut, less of it than all is found.
    const std::size_t most = std::min(secret.size(), plain ? secret.size() : kPlainSecret);
    const std::string_view beginning = std::string_view(secret).substr(0, most);
    for (std::size_t at = 0; (at = text_.find(beginning, at)) != std::string::npos;) {
      std::size_t size = most;
      while (size < secret.size() && at + size < text_.size() && text_[at + size] == secret[size]) {
        ++size;
      }
      if (plain && !stands_alone(at, size, host)) {
        ++at;
        continue;
      }
      note(at, size);
      at += size;
    }
    look_for_a_cut_one(secret);
  }

  // "Cannot POST /services/T0...": a beginning, and then the end or dots.
  void look_for_a_cut_one(const std::string& secret) {
    if (secret.size() <= kTellingPart) return;
    const std::string_view least = std::string_view(secret).substr(0, kTellingPart);
    for (std::size_t at = 0; (at = text_.find(least, at)) != std::string::npos; ++at) {
      std::size_t size = kTellingPart;
      while (size < secret.size() && at + size < text_.size() && text_[at + size] == secret[size]) {
        ++size;
      }
      const std::string_view rest = std::string_view(text_).substr(at + size);
      if (rest.empty() || rest.starts_with("...") || rest.starts_with("\xe2\x80\xa6")) {
        note(at, size);
      }
    }
  }

  bool stands_alone(std::size_t at, std::size_t size, const std::string& host) const {
    // "/alerts" is no part of /var/lib/alerts.
    const bool inner = is_word(text_[at]) || text_[at] == '/';
    const bool of_host = !host.empty() && std::string_view(text_).substr(0, at).ends_with(host);
    const bool before = at > 0 && inner && is_word(text_[at - 1]) && !of_host;
    const std::size_t end = at + size;
    const bool after = end < text_.size() && is_word(text_[end - 1]) && is_word(text_[end]);
    return !before && !after;
  }

  void note(std::size_t at, std::size_t size) {
    found_.emplace_back(read_.begin[at], read_.end[at + size - 1]);
  }

  const Unescaped& read_;
  const std::string text_;
  std::vector<Span>& found_;
};

std::string with_hidden(std::string_view text, std::vector<Span> spans) {
  std::sort(spans.begin(), spans.end());
  std::string shown;
  std::size_t kept = 0;
  for (const auto& [begin, end] : spans) {
    if (end <= kept) continue;
    if (begin > kept || kept == 0) shown.append(text.substr(kept, begin - kept)).append(kHidden);
    kept = end;
  }
  return shown.append(text.substr(kept));
}

// A part of a path that nobody would have written by hand: what services make of chance.
bool looks_like_chance(std::string_view part) {
  const auto has = [&](int (*kind)(int)) {
    return std::any_of(part.begin(), part.end(),
                       [&](char c) { return kind(static_cast<unsigned char>(c)) != 0; });
  };
  const bool only_both = std::all_of(part.begin(), part.end(), is_alnum);
  if (part.size() < 20 && !only_both) return false;  // "eu-central-1", "schema-drift-2"
  return part.size() >= 8 &&
         (has(std::isdigit) || (part.size() >= 20 && has(std::isupper) && has(std::islower))) &&
         has(std::isalpha);
}

}  // namespace

namespace {

// Words of our own messages. As a password they are the first that anybody tries, so to hide them
// would protect nothing and make riddles of errors.
bool is_everyday_word(std::string_view secret) {
  constexpr std::array<std::string_view, 8> kWords = {"database", "default",     "localhost",
                                                      "password", "postgres",    "postgresql",
                                                      "secret",   "schema-drift"};
  return std::find(kWords.begin(), kWords.end(), ascii_lower(secret)) != kWords.end();
}

void remember(std::string_view secret, std::string_view host) {
  if (secret.size() < kShortestSecret || is_everyday_word(secret)) return;
  Secret fresh{readings_of(secret), coded_forms(secret), ascii_lower(host)};
  Remembered& all = remembered();
  const std::lock_guard lock(all.mutex);
  const auto same = std::find_if(all.secrets.begin(), all.secrets.end(), [&](const Secret& known) {
    return known.texts == fresh.texts && known.coded == fresh.coded && known.host == fresh.host;
  });
  if (same != all.secrets.end()) all.secrets.erase(same);
  all.secrets.push_back(std::move(fresh));
  if (all.secrets.size() > kMostSecrets) all.secrets.pop_front();
}

}  // namespace

void remember_secret(std::string_view secret) { remember(secret, {}); }

void remember_secret_url(std::string_view url) {
  const std::string scheme = url_scheme(url);
  if (scheme.empty()) return;
  url.remove_prefix(scheme.size() + 3);
  const std::size_t slash = std::min(url.find_first_of("/?#"), url.size());
  const std::string_view authority = url.substr(0, slash);
  const std::string_view target = url.substr(slash);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    const std::string_view user = authority.substr(0, at);
    remember_secret(percent_decoded(user));
    remember_secret(percent_decoded(user.substr(user.find(':') + 1)));
  }
  if (target.size() < 2) return;
  remember(target, authority.substr(authority.rfind('@') + 1));
  for (std::size_t begin = 0; begin < target.size();) {
    const std::size_t end = std::min(target.find_first_of("/?#&;=", begin), target.size());
    const std::string part = percent_decoded(target.substr(begin, end - begin));
    if (looks_like_chance(part)) remember_secret(part);
    begin = end + 1;
  }
}

std::string without_secrets(std::string_view text) {
  Remembered& all = remembered();
  const std::lock_guard lock(all.mutex);
  if (all.secrets.empty() || text.size() < kShortestSecret) return std::string(text);
  std::vector<Span> found;
  // As it is, and read once, twice and three times: JSON in JSON, a URL in a URL in HTML.
  constexpr int kReadings = 4;
  Unescaped read = as_it_is(text);
  for (int i = 0; i < kReadings; ++i) {
    Search search(read, found);
    for (const Secret& secret : all.secrets) search.look_for(secret);
    Unescaped next = unescaped(read);
    if (next.text == read.text) break;
    read = std::move(next);
  }
  return with_hidden(text, std::move(found));
}

}  // namespace drift
