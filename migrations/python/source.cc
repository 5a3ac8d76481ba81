#include "migrations/python/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "drift/base/printable.h"
#include "drift/base/text.h"

namespace drift::migrations {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

enum class Coding { kUtf8, kLatin1, kCp1252, kAscii, kAsciiSuperset, kUnsupported };

// What 0x80 and those after it are in cp1252, where it differs from Latin-1; NUL where it has
// nothing. https://www.unicode.org/Public/MAPPINGS/VENDORS/MICSFT/WINDOWS/CP1252.TXT
constexpr char16_t kCp1252High[] = u"€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ";

// What names of codings begin with, in lower case and without '-' and '_'; where there is a space,
// all of it. https://docs.python.org/3/library/codecs.html#standard-encodings
using enum Coding;
constexpr std::pair<std::string_view, Coding> kCodings[] = {
    {"utf8", kUtf8},           {"latin1 ", kLatin1},
    {"iso88591 ", kLatin1},    {"isolatin1 ", kLatin1},
    {"l1 ", kLatin1},          {"cp1252 ", kCp1252},
    {"windows1252 ", kCp1252}, {"ascii ", kAscii},
    {"usascii ", kAscii},      {"iso8859", kAsciiSuperset},
    {"cp125", kAsciiSuperset}, {"windows125", kAsciiSuperset},
    {"koi8", kAsciiSuperset},  {"gb", kAsciiSuperset},
    {"euc", kAsciiSuperset},   {"big5", kAsciiSuperset},
    {"mac", kAsciiSuperset},   {"", kUnsupported}};

Coding coding_of(std::string_view cookie) {
  if (cookie.empty()) return kUtf8;
  std::string name = ascii_lower(cookie);
  // Emacs names the line ends, too, which Python takes.
  for (const std::string_view ends : {"-unix", "-dos", "-mac"}) {
    if (name.ends_with(ends)) name.resize(name.size() - ends.size());
  }
  std::erase_if(name += ' ', [](char c) { return c == '-' || c == '_'; });
  const auto* found = std::begin(kCodings);
  while (!name.starts_with(found->first)) ++found;
  return found->second;
}

// The coding that a comment of the first two lines names (PEP 263), or empty. The second line
// counts only where the first holds nothing but a comment.
std::string_view coding_cookie(std::string_view text) {
  const auto in_name = [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; };
  for (int i = 0; i < 2; ++i) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const std::size_t start = line.find_first_not_of(" \t\f");
    if (start != kNone && line[start] != '#') return {};
    for (std::size_t at = line.find("coding"); at != kNone; at = line.find("coding", at)) {
      at += 6;
      if (at >= line.size() || (line[at] != ':' && line[at] != '=')) continue;
      const auto begin =
          line.begin() + std::min(line.find_first_not_of(" \t", at + 1), line.size());
      const auto end = std::find_if_not(begin, line.end(), in_name);
      if (begin != end) return {begin, end};
    }
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return {};
}

// https://docs.python.org/3/reference/lexical_analysis.html#physical-lines
void append_with_one_line_end(std::string& out, std::string_view text) {
  for (std::size_t end = text.find('\r'); end != kNone; end = text.find('\r')) {
    out.append(text, 0, end) += '\n';
    text.remove_prefix(end + (text.substr(end, 2) == "\r\n" ? 2 : 1));
  }
  out += text;
  if (!out.ends_with('\n')) out += '\n';
}

// Turns a single-byte coding into UTF-8; the offset of a byte that it leaves undefined, or kNone.
std::size_t append_single_byte(std::string& out, std::string_view bytes, Coding coding) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto c = static_cast<unsigned char>(bytes[i]);
    const bool differs = coding == kCp1252 && c >= 0x80 && c < 0xa0;
    const char32_t code_point = differs ? kCp1252High[c - 0x80] : c;
    if (code_point == 0 || (c >= 0x80 && coding == kAscii)) return i;
    append_utf8(out, code_point);
  }
  return kNone;
}

}  // namespace

PythonSource decode_python_source(std::string_view bytes) {
  PythonSource source;
  std::string& text = source.buffer;
  const auto failed = [&](std::string message, std::size_t at) {
    const auto lines = std::count(text.data(), text.data() + at, '\n');
    source.error = PythonSource::Error{std::move(message), 1 + static_cast<int>(lines)};
    return std::move(source);
  };
  if (bytes.size() > PythonSource::kMaxSize) {
    return failed(fmt::format("the file is larger than {} MiB", PythonSource::kMaxSize >> 20), 0);
  }
  const bool marked = bytes.starts_with("\xef\xbb\xbf");
  if (marked) bytes.remove_prefix(3);
  text.reserve(bytes.size() + 1 + PythonSource::kPadding);
  append_with_one_line_end(text, bytes);
  if (const std::size_t at = text.find('\0'); at != kNone) {
    return failed("the file holds a NUL byte", at);
  }

  const std::string_view cookie = coding_cookie(text);
  const auto cookie_at = static_cast<std::size_t>(cookie.empty() ? 0 : cookie.data() - text.data());
  const Coding coding = coding_of(cookie);
  if (marked && coding != kUtf8) {
    return failed(
        fmt::format("the file begins with a UTF-8 mark, yet names the coding '{}'", cookie),
        cookie_at);
  }
  const auto is_high = [](char c) { return (c & 0x80) != 0; };
  const bool plain = coding != kUtf8 && std::none_of(text.begin(), text.end(), is_high);
  if (coding == kUnsupported || (coding == kAsciiSuperset && !plain)) {
    return failed(fmt::format("unsupported coding '{}'", cookie), cookie_at);
  }
  std::string decoded;
  const std::size_t wrong = coding == kUtf8 ? first_invalid_utf8(text)
                            : plain         ? kNone
                                            : append_single_byte(decoded, text, coding);
  if (wrong != kNone) {
    return failed(
        fmt::format("byte 0x{:02x} is not valid in the coding '{}'",
                    static_cast<unsigned char>(text[wrong]), cookie.empty() ? "utf-8" : cookie),
        wrong);
  }
  if (!decoded.empty()) text = std::move(decoded);
  source.size = text.size();
  text.append(PythonSource::kPadding, '\0');
  return source;
}

}  // namespace drift::migrations
