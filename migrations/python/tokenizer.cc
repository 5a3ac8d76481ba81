#include "migrations/python/tokenizer.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>

#include "drift/base/text.h"

namespace drift::migrations {

namespace {

// What a byte begins: '\'' stands for both quotes, '(' and ')' for all brackets (the NUL behind the
// text closes none), ' ' for white space, '+' for operators, 'a' for names and numbers, NUL for
// nothing.
constexpr std::array<char, 256> kBegins = [] {
  std::array<char, 256> begins{};
  for (unsigned c = 0; c < 256; ++c) {
    const char byte = static_cast<char>(c);
    // Bytes beyond ASCII belong to names; which of those Python allows makes no difference here.
    begins[c] = c >= 0x80 || is_alnum(byte) || byte == '_' ? 'a' : '\0';
  }
  begins[0] = ')';
  // '!' stands in "!=" and in fields, '`' in Python 2. The first of each row stands for the others.
  for (const std::string_view kin :
       {"+-*/%@&|^~<>=!.,:;`", " \t\f", "([{", ")]}", "'\"", "\n", "#", "\\"}) {
    for (const char c : kin) begins[static_cast<unsigned char>(c)] = kin[0];
  }
  return begins;
}();

char begins(char c) { return kBegins[static_cast<unsigned char>(c)]; }
bool is_name_character(char c) { return begins(c) == 'a'; }
bool is_triple(const char* quote) { return quote[1] == *quote && quote[2] == *quote; }
const char* end_of_line(const char* p) { return std::strchr(p, '\n'); }

// What the letters before a quote mean; nothing where they are a name.
std::optional<StringPrefix> string_prefix(std::string_view letters) {
  const auto has = [&](std::string_view any) { return letters.find_first_of(any) != letters.npos; };
  const StringPrefix found{
      .raw = has("rR"), .bytes = has("bB"), .formatted = has("fFtT"), .is_template = has("tT")};
  const std::size_t kinds = found.bytes + has("fF") + has("tT") + has("uU");
  if (kinds > 1 || kinds + found.raw != letters.size()) return std::nullopt;
  return found;
}

// The first at or after `p` of quotes, brackets, '#', '\\', "\n" and NUL (and of a few harmless
// neighbours of theirs in ASCII: $ % & |). Skipping the bodies of functions is most of the work on
// a migration, and a byte-by-byte loop spends it on mispredicted branches.
[[gnu::always_inline]] inline const char* next_special(const char* p) {
  using Bytes [[gnu::vector_size(16)]] = unsigned char;
  for (Bytes bytes;; p += sizeof bytes) {
    std::memcpy(&bytes, p, sizeof bytes);
    // 0x22..0x29 are " # $ % & ' ( ); with bit 5 set, [ \ ] become { | }.
    const auto special =
        (bytes - 0x22 <= 7) | ((bytes | 0x20) - 0x7b <= 2) | (bytes == '\n') | (bytes == 0);
    std::uint64_t found[2];
    std::memcpy(found, &special, sizeof found);
    if (found[0] != 0) return p + std::countr_zero(found[0]) / 8;
    if (found[1] != 0) return p + 8 + std::countr_zero(found[1]) / 8;
  }
}

// What stands behind the string that begins at `quote` and has no fields.
[[gnu::always_inline]] inline const char* end_of_string(const char* quote) {
  const int quotes = is_triple(quote) ? 3 : 1;
  for (const char* p = next_special(quote + quotes);; p = next_special(p + 1)) {
    if (*p == *quote && (quotes == 1 || is_triple(p))) return p + quotes;
    if (*p == '\0' || (*p == '\n' && quotes == 1)) {
      refuse(quotes == 1 ? "unterminated string" : "unterminated triple-quoted string", quote);
    }
    // Raw strings keep the backslash, yet it still hides the quote behind it.
    if (*p == '\\') ++p;
  }
}

const char* continued_line(const char* backslash) {
  if (backslash[1] != '\n') refuse("unexpected character after a line continuation", backslash);
  if (backslash[2] == '\0') refuse("the file ends in a line continuation", backslash);
  return backslash + 2;
}

}  // namespace

void refuse(std::string message, const char* where) {
  throw PythonError{std::move(message), where};
}

std::string_view keyword_at(const char* place) {
  const char* end = place;
  while (is_name_character(*end)) ++end;
  return {place, end};
}

PythonTokenizer::PythonTokenizer(const char* from, int column) : position_(from) {
  columns_[0] = column;
  tokens_.reserve(64);
}

void PythonTokenizer::push(const char* begin, const char* end, TokenKind kind, char op,
                           StringPrefix prefix) {
  tokens_.push_back({begin, static_cast<std::uint32_t>(end - begin), kind, op, prefix});
}

// The first character of the next line with code, which begins at position_; at the end of the
// source its column is -1. https://docs.python.org/3/reference/lexical_analysis.html#indentation
[[gnu::always_inline]] inline const char* PythonTokenizer::find_line() {
  int continued = 0;
  column_ = 0;
  for (const char* p = position_;; ++p) {
    if (*p == ' ') {
      ++column_;
    } else if (*p == '\t') {
      column_ = (column_ / 8 + 1) * 8;
    } else if (*p == '\f') {
      column_ = continued = 0;
    } else if (*p == '\\' && p[1] == '\n') {
      // The backslash at the end of white space fixes the column, as CPython has it.
      if (continued == 0) continued = column_;
      ++p;
    } else if (*p == '\n' || *p == '#') {
      p = end_of_line(p);
      position_ = p + 1;
      column_ = continued = 0;
    } else {
      if (continued != 0) column_ = continued;
      if (*p == '\0') column_ = -1;
      return p;
    }
  }
}

// Opens and closes blocks until the line at `p` stands in the last one.
void PythonTokenizer::find_level(const char* p) {
  if (columns_[0] == kOfFirstLine) columns_[0] = column_;
  if (column_ > columns_[level_]) {
    if (header_ == nullptr) refuse("unexpected indent", p);
    if (level_ == kMaxIndentations) refuse("too many levels of indentation", p);
    columns_[++level_] = column_;
  } else if (header_ != nullptr) {
    refuse(fmt::format("expected an indented block after '{}'", keyword_at(header_)), p);
  }
  while (level_ >= 0 && column_ < columns_[level_]) --level_;
  if (level_ >= 0 && column_ != columns_[level_]) {
    refuse("unindent does not match any outer indentation", p);
  }
}

bool PythonTokenizer::next_line() {
  tokens_.clear();
  const char* const p = find_line();
  find_level(p);
  if (level_ < 0) return false;
  position_ = read_tokens(p, -1);
  header_ = tokens_.back().is(':') ? p : nullptr;
  tokens_.emplace_back();
  return true;
}

// Up to the end of the logical line or, inside `field` brackets, to the ':' or '}' behind the
// expression of a replacement field.
const char* PythonTokenizer::read_tokens(const char* p, int field) {
  if (field < 0) depth_ = 0;
  for (;;) {
    while (begins(*p) == ' ') ++p;
    if (depth_ == field && (*p == ':' || *p == '}')) return p;
    switch (begins(*p)) {
      case '\n':
        ++p;
        if (depth_ == 0) return p;
        break;
      case '#': p = end_of_line(p); break;
      case '\\': p = continued_line(p); break;
      case 'a': {
        const std::string_view name = keyword_at(p);
        const char* const end = p + name.size();
        const auto prefix =
            name.size() <= 2 && begins(*end) == '\'' ? string_prefix(name) : std::nullopt;
        if (prefix) {
          p = read_string(end, *prefix);
        } else if (is_digit(*p)) {
          p = read_number(p);
        } else {
          push(p, end, TokenKind::kName);
          p = end;
        }
        break;
      }
      case '\'': p = read_string(p, {}); break;
      case '(':
        open_bracket(p);
        p = read_operator(p);
        break;
      case ')':
        close_bracket(p);
        p = read_operator(p);
        break;
      case '+': p = read_operator(p); break;
      default: refuse(fmt::format("invalid character 0x{:02x}", static_cast<unsigned char>(*p)), p);
    }
  }
}

void PythonTokenizer::open_bracket(const char* p) {
  if (depth_ == kMaxBrackets) refuse("too many nested brackets", p);
  brackets_[depth_++] = p;
}

[[gnu::always_inline]] inline void PythonTokenizer::close_bracket(const char* p) {
  const char open = depth_ > 0 ? *brackets_[--depth_] : '\0';
  // ASCII has a closing bracket one or two behind its opening one.
  if (open != '\0' && (*p == open + 1 || *p == open + 2)) return;
  // The text ends in a newline, so only an open bracket leads to its end.
  if (*p == '\0') refuse(fmt::format("'{}' was never closed", *brackets_[0]), brackets_[0]);
  if (open == '\0') refuse(fmt::format("'{}' closes nothing", *p), p);
  refuse(fmt::format("'{}' does not close '{}'", *p, open), p);
}

const char* PythonTokenizer::read_number(const char* p) {
  const bool hexadecimal = p[1] == 'x' || p[1] == 'X';
  const char* end = p;
  const auto in_exponent = [&] {
    return !hexadecimal && (*end == '+' || *end == '-') && ascii_lower(end[-1]) == 'e';
  };
  while (is_name_character(*end) || *end == '.' || in_exponent()) ++end;
  push(p, end, TokenKind::kNumber);
  return end;
}

const char* PythonTokenizer::read_operator(const char* p) {
  const char c = *p;
  const auto is_any = [c](std::string_view of) { return of.find(c) != of.npos; };
  if (c == '.' && is_digit(p[1])) return read_number(p);
  const bool doubled = p[1] == c && is_any("*/<>");
  const char* end = p + (doubled ? 2 : 1);
  char op = !doubled || c == '/' ? c : c == '*' ? kStars : kShifts;
  if (c == '.' && p[1] == '.' && p[2] == '.') {
    op = kEllipsis;
    end = p + 3;
  } else if (*end == '>' && !doubled && is_any("-<")) {
    op = c == '-' ? kArrow : kCompare;
    ++end;
  } else if (*end == '=' && is_any(":=!<>+-*/%@&|^")) {
    op = c == ':' ? kWalrus : !doubled && is_any("=!<>") ? kCompare : kAugmented;
    ++end;
  }
  push(p, end, TokenKind::kOperator, op);
  return end;
}

// ------------------------------------------------------------------------------------- strings

// Returns what stands behind the closing quotes.
const char* PythonTokenizer::read_string(const char* quote, StringPrefix prefix) {
  const std::string_view quotes(quote, is_triple(quote) ? 3 : 1);
  const char* const begin = quote + quotes.size();
  if (prefix.formatted) return read_formatted(begin, quotes, prefix, false);
  const char* const end = end_of_string(quote);
  push(begin, end - quotes.size(), TokenKind::kString, 0, prefix);
  return end;
}

// The text of an f-string and its fields, up to behind its closing quotes; or, `is_format`, a
// format specification up to the '}' of its field. Follows Python 3.12, where a field may hold any
// expression, quotes of the same kind included; whatever older versions accept ends at the same
// place. Each level takes a bracket, so that there are kMaxBrackets at most.
const char* PythonTokenizer::read_formatted(const char* p, std::string_view quotes,
                                            StringPrefix prefix, bool is_format) {
  const char* text = p;
  for (;;) {
    if (*p == '{' && (is_format || p[1] != '{')) {
      push(text, p, TokenKind::kString, '{', prefix);
      p = text = read_field(p, quotes);
    } else if (*p == '}' && is_format) {
      return p;
    } else if (*p == '{' || *p == '}') {
      if (p[1] != *p) refuse("a single '}' in an f-string", p);
      p += 2;
    } else if (*p == quotes[0] && (quotes.size() == 1 || is_triple(p))) {
      if (is_format) refuse("unterminated f-string", quotes.data());
      push(text, p, TokenKind::kString, 0, prefix);
      return p + quotes.size();
    } else if (*p == '\\') {
      // A field begins behind a backslash, too. So does \N{DASH}, whose text is then refused.
      p += p[1] == '{' || p[1] == '}' ? 1 : 2;
    } else if (*p == '\0' || (*p == '\n' && quotes.size() == 1)) {
      refuse("unterminated f-string", quotes.data());
    } else {
      ++p;
    }
  }
}

// "{name!r:>10}" in a string with those quotes. Returns what stands behind it.
const char* PythonTokenizer::read_field(const char* brace, std::string_view quotes) {
  open_bracket(brace);
  read_operator(brace);
  const char* p = read_tokens(brace + 1, depth_);
  if (*p == ':') {
    push(p, p + 1, TokenKind::kOperator, ':');
    const std::size_t count = tokens_.size();
    const char* const format = p + 1;
    p = read_formatted(format, quotes, {}, true);
    tokens_.resize(count);
    push(format, p, TokenKind::kString);
  }
  close_bracket(p);
  return read_operator(p);
}

// --------------------------------------------------------------------- jumping over a block

// Moves position_ behind the logical line at `line`.
[[gnu::always_inline]] inline void PythonTokenizer::skip_logical_line(const char* line) {
  depth_ = 0;
  const char* code_end = nullptr;  // where a comment ends the code of the line
  for (const char* p = next_special(line);; p = next_special(p)) {
    switch (begins(*p)) {
      case '(': open_bracket(p); break;
      case ')': close_bracket(p); break;
      case '\'': {
        const char* letters = p;
        while (letters > line && p - letters < 3 && is_name_character(letters[-1])) --letters;
        const auto prefix = letters < p ? string_prefix({letters, p}) : std::nullopt;
        const bool formatted = prefix && prefix->formatted;
        p = formatted ? read_string(p, *prefix) : end_of_string(p);
        continue;
      }
      case '#':
        if (depth_ == 0) code_end = p;
        p = end_of_line(p);
        continue;
      case '\\': p = continued_line(p); continue;
      case '\n': {
        if (depth_ > 0) break;
        const char* last = code_end != nullptr ? code_end : p;
        while (last > line && begins(last[-1]) == ' ') --last;
        position_ = p + 1;
        header_ = last > line && last[-1] == ':' ? line : nullptr;
        return;
      }
      default: break;  // a neighbour of the special bytes
    }
    ++p;
  }
}

void PythonTokenizer::skip_block() {
  const int outer = columns_[level_];
  for (;;) {
    const char* const p = find_line();
    if (header_ == nullptr && column_ <= outer) return;
    find_level(p);
    skip_logical_line(p);
  }
}

}  // namespace drift::migrations
