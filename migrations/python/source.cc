#include "migrations/python/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include "drift/base/printable.h"
#include "drift/base/text.h"

namespace drift::migrations {
namespace {

enum class Coding { kUtf8, kLatin1, kCp1252, kAscii, kOtherAsciiSuperset, kUnsupported };

// cp1252 differs from Latin-1 in 0x80..0x9f only; 0 marks the five bytes it leaves undefined.
// https://www.unicode.org/Public/MAPPINGS/VENDORS/MICSFT/WINDOWS/CP1252.TXT
constexpr std::array<std::uint16_t, 32> kCp1252High = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

// What decides how much work a file needs; most need none.
struct Census {
  bool nul = false;
  bool carriage_return = false;
  bool beyond_ascii = false;
};

Census census(std::string_view bytes) {
  std::uint64_t high = 0;
  std::size_t i = 0;
  for (; i + sizeof(high) <= bytes.size(); i += sizeof(high)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, sizeof(word));
    high |= word;
  }
  for (; i < bytes.size(); ++i) high |= static_cast<unsigned char>(bytes[i]);
  return {bytes.find('\0') != std::string_view::npos, bytes.find('\r') != std::string_view::npos,
          (high & 0x8080808080808080u) != 0};
}

bool is_coding_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

// The coding that a comment of the first two lines names (PEP 263), or empty. The second line
// counts only where the first holds nothing but a comment.
std::string_view coding_cookie(std::string_view text) {
  for (int line = 0; line < 2; ++line) {
    const std::size_t newline = std::min(text.find('\n'), text.size());
    const std::size_t end = std::min(text.substr(0, newline).find('\r'), newline);
    std::string_view comment = text.substr(0, end);
    const std::size_t start = comment.find_first_not_of(" \t\f");
    if (start != std::string_view::npos) {
      if (comment[start] != '#') return {};
      comment.remove_prefix(start);
      for (std::size_t at = comment.find("coding"); at != std::string_view::npos;
           at = comment.find("coding")) {
        comment.remove_prefix(at + 6);
        if (comment.empty() || (comment[0] != ':' && comment[0] != '=')) continue;
        comment.remove_prefix(1);
        while (!comment.empty() && (comment[0] == ' ' || comment[0] == '\t')) {
          comment.remove_prefix(1);
        }
        const auto last = std::find_if_not(comment.begin(), comment.end(), is_coding_name);
        const auto size = static_cast<std::size_t>(last - comment.begin());
        if (size > 0) return comment.substr(0, size);
      }
    }
    if (end >= text.size()) return {};
    const bool pair = text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n';
    text.remove_prefix(end + (pair ? 2 : 1));
  }
  return {};
}

bool is_or_extends(std::string_view name, std::string_view coding) {
  return name == coding || (name.starts_with(coding) && name[coding.size()] == '-');
}

Coding coding_of(std::string_view cookie) {
  std::string name;
  for (const char c : cookie) {
    name += c == '_' ? '-' : ascii_lower(c);
  }
  // Aliases as in https://docs.python.org/3/library/codecs.html#standard-encodings
  if (is_or_extends(name, "utf-8") || name == "utf8" || name == "u8") return Coding::kUtf8;
  if (is_or_extends(name, "latin-1") || is_or_extends(name, "iso-8859-1") ||
      is_or_extends(name, "iso-latin-1") || name == "latin1" || name == "iso8859-1" ||
      name == "latin" || name == "l1" || name == "8859") {
    return Coding::kLatin1;
  }
  if (name == "cp1252" || name == "windows-1252" || name == "1252") return Coding::kCp1252;
  if (name == "ascii" || name == "us-ascii" || name == "646") return Coding::kAscii;
  for (const std::string_view family :
       {"iso-8859-", "iso8859-", "cp125", "windows-125", "koi8-", "gb", "euc-", "big5", "mac-"}) {
    if (name.starts_with(family)) return Coding::kOtherAsciiSuperset;
  }
  return Coding::kUnsupported;
}

int line_of(std::string_view text, std::size_t offset) {
  int line = 1;
  for (std::size_t i = 0; i < offset; ++i) {
    const bool pair = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (text[i] == '\n' || (text[i] == '\r' && !pair)) ++line;
  }
  return line;
}

// Every line end becomes "\n":
// https://docs.python.org/3/reference/lexical_analysis.html#physical-lines
void append_with_one_line_end(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\r');
    out += text.substr(0, end);
    if (end == std::string_view::npos) return;
    out += '\n';
    text.remove_prefix(end + 1);
    if (text.starts_with('\n')) text.remove_prefix(1);
  }
}

// Turns a single-byte coding into UTF-8; the offset of a byte that it leaves undefined, or npos.
std::size_t append_single_byte(std::string& out, std::string_view bytes, Coding coding) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto c = static_cast<unsigned char>(bytes[i]);
    unsigned code_point = c;
    if (coding == Coding::kCp1252 && c >= 0x80 && c < 0xa0) code_point = kCp1252High[c - 0x80u];
    if (code_point == 0) return i;
    append_utf8(out, code_point);
  }
  return std::string_view::npos;
}

PythonSource failed(std::string message, int line) {
  PythonSource source;
  source.error = PythonSource::Error{std::move(message), line};
  return source;
}

}  // namespace

PythonSource decode_python_source(std::string_view bytes) {
  if (bytes.size() > PythonSource::kMaxSize) {
    return failed(fmt::format("the file is larger than {} MiB", PythonSource::kMaxSize >> 20), 1);
  }
  const bool marked = bytes.starts_with("\xef\xbb\xbf");
  if (marked) bytes.remove_prefix(3);

  const Census seen = census(bytes);
  if (seen.nul) return failed("the file holds a NUL byte", line_of(bytes, bytes.find('\0')));

  const std::string_view cookie = coding_cookie(bytes);
  Coding coding = cookie.empty() ? Coding::kUtf8 : coding_of(cookie);
  if (marked && coding != Coding::kUtf8) {
    return failed(
        fmt::format("the file begins with a UTF-8 mark, yet names the coding '{}'", cookie),
        line_of(bytes, static_cast<std::size_t>(cookie.data() - bytes.data())));
  }
  if (coding == Coding::kUnsupported ||
      (coding == Coding::kOtherAsciiSuperset && seen.beyond_ascii)) {
    return failed(fmt::format("unsupported coding '{}'", cookie),
                  line_of(bytes, static_cast<std::size_t>(cookie.data() - bytes.data())));
  }

  std::string decoded;
  if (seen.beyond_ascii) {
    std::size_t wrong = std::string_view::npos;
    if (coding == Coding::kUtf8) {
      wrong = first_invalid_utf8(bytes);
    } else if (coding == Coding::kAscii) {
      wrong = static_cast<std::size_t>(
          std::find_if(bytes.begin(), bytes.end(), [](char c) { return (c & 0x80) != 0; }) -
          bytes.begin());
    } else {
      wrong = append_single_byte(decoded, bytes, coding);
    }
    if (wrong != std::string_view::npos) {
      const std::string_view name = cookie.empty() ? "utf-8" : cookie;
      return failed(fmt::format("byte 0x{:02x} is not valid in the coding '{}'",
                                static_cast<unsigned char>(bytes[wrong]), name),
                    line_of(bytes, wrong));
    }
    if (!decoded.empty()) bytes = decoded;
  }

  PythonSource source;
  source.buffer.reserve(bytes.size() + 1 + PythonSource::kPadding);
  if (seen.carriage_return) {
    append_with_one_line_end(source.buffer, bytes);
  } else {
    source.buffer.append(bytes);
  }
  if (!source.buffer.ends_with('\n')) source.buffer += '\n';
  source.size = source.buffer.size();
  source.buffer.append(PythonSource::kPadding, '\0');
  return source;
}

}  // namespace drift::migrations
