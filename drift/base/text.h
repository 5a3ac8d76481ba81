// What many files need of text, whatever the locale says: ASCII classes, trimming, lists, plurals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drift {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alnum(char c) { return is_digit(c) || is_letter(c); }

constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
std::string ascii_lower(std::string_view text);
std::string ascii_upper(std::string_view text);

// 0 to 15, or -1 where `c` is no hexadecimal digit.
constexpr int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Without the blanks (space, \t \r \n \v \f) at both ends. python_ini.h knows Python's.
std::string_view trimmed(std::string_view text);

// The pieces between the separators, empty ones too; at most `most`, the last holds the rest.
std::vector<std::string_view> split(std::string_view text, char separator,
                                    std::size_t most = SIZE_MAX);

// "a, b, c".
std::string joined(const std::vector<std::string>& texts, std::string_view between = ", ");

// "1 revision", "3 revisions"; `many` where an s is not enough: counted(n, "entry", "entries").
std::string counted(std::uint64_t count, std::string_view what, std::string_view many = {});

// How messages show a piece of a file, a revision id, a branch label or a version row:
// 'text' between single quotes, as drift::shortened has it.
std::string quoted(std::string_view text);

// "'a'", "'a' and 'b'", "'a', 'b' and 'c'"; of more than `at_most` the first ones and
// "and 7 more".
std::string quoted(const std::vector<std::string>& texts, std::size_t at_most = 10);

// Characters of a UTF-8 text.
std::size_t characters(std::string_view text);

// --------------------------------- "Did you mean": the known word nearest to one that is not known

// Edits that make `a` into `b`: an insertion, a deletion, a change, or a swap of neighbours
// (optimal string alignment); upper and lower case of ASCII are no difference. limit + 1 where
// there are more than `limit`, or where either has more than 128 bytes.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

// The candidate with the smallest edit_distance to `word`, the first of equals, or "" where none is
// near enough to be a likely slip: a third of the length of `word`, at least one and at most four
// edits. Where `word`, of four bytes or more, is the beginning of one candidate alone, it is that
// one. Case is no difference, so "Main" finds "main". Candidates longer than 128 bytes are passed
// over.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace drift
